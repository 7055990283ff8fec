// Included before DtlsTransport.cpp, and only there.
//
// A distribution's OpenSSL is built with kernel TLS, so libssl asks the write BIO whether it does kernel TLS. The answer
// passes through mediasoup's BIO callback, which answers 1 to whatever was asked. libssl takes that for a yes, allocates
// no write buffer, and crashes when it writes the first handshake message. Upstream bundles an OpenSSL without kernel TLS.
//
// After an operation the callback has nothing to do (upstream only acts before a write), so the operation's own result is
// given back instead.
#pragma once
#include <openssl/bio.h>

template<BIO_callback_fn_ex Callback>
long callBeforeOnly(
  BIO* bio, int operation, const char* data, size_t len, int argi, long argl, int result, size_t* processed)
{
	if (operation & BIO_CB_RETURN)
	{
		return result;
	}

	return Callback(bio, operation, data, len, argi, argl, result, processed);
}

#define BIO_set_callback_ex(bio, callback) (BIO_set_callback_ex)(bio, &callBeforeOnly<callback>)
