// Included before libsrtp's aes_gcm_ossl.c, and only there.
//
// Before each packet libsrtp tells OpenSSL that an IV has 12 bytes. AES-GCM has it so from the start, and a sixth of what OpenSSL takes for a
// packet of speech is being told so.
#pragma once
#include <openssl/evp.h>

static inline int ctrlUnlessDefault(EVP_CIPHER_CTX* ctx, int type, int arg, void* ptr)
{
	return type == EVP_CTRL_GCM_SET_IVLEN && arg == 12 ? 1 : EVP_CIPHER_CTX_ctrl(ctx, type, arg, ptr);
}

#define EVP_CIPHER_CTX_ctrl ctrlUnlessDefault
