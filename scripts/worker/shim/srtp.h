// The calls of libsrtp 3 that mediasoup-worker makes, on top of libsrtp 2. No distribution has libsrtp 3.
//
// Two things differ. In libsrtp 3 a policy is an opaque object with setters; in libsrtp 2 it is a struct. And libsrtp 3
// reads one buffer and writes another, where libsrtp 2 changes a packet in place.
#pragma once
#include_next <srtp.h>
#include <cstddef>
#include <cstdint>
#include <climits>
#include <cstring>
#include <new>
#include <openssl/crypto.h>

// Errors that only libsrtp 3 knows. The worker has a text for each, so they need a value that no other error has.
constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(srtp_err_status_pkt_idx_adv + 1);
constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(srtp_err_status_pkt_idx_adv + 2);

namespace srtp3
{
	struct Policy
	{
		::srtp_policy_t v2{};
		// Master key followed by master salt. libsrtp 2 keeps a pointer to it until the session is created.
		uint8_t key[SRTP_MAX_KEY_LEN]{};

		// A compiler leaves out a write to memory that is freed after it; OpenSSL's does not let it.
		~Policy()
		{
			OPENSSL_cleanse(this->key, sizeof(this->key));
		}
	};

	inline srtp_err_status_t policyCreate(Policy** policy)
	{
		*policy = new (std::nothrow) Policy();

		return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
	}

	inline void policyDestroy(Policy* policy)
	{
		delete policy;
	}

	inline srtp_err_status_t policySetSsrc(Policy* policy, srtp_ssrc_t ssrc)
	{
		policy->v2.ssrc = ssrc;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policySetProfile(Policy* policy, srtp_profile_t profile)
	{
		const auto err = srtp_crypto_policy_set_from_profile_for_rtp(&policy->v2.rtp, profile);

		return err ? err : srtp_crypto_policy_set_from_profile_for_rtcp(&policy->v2.rtcp, profile);
	}

	// The worker never uses an MKI, so the last two arguments of libsrtp 3 are empty.
	inline srtp_err_status_t policyAddKey(
	  Policy* policy,
	  const uint8_t* key,
	  size_t keyLen,
	  const uint8_t* salt,
	  size_t saltLen,
	  const uint8_t* /*mki*/,
	  size_t /*mkiLen*/)
	{
		if (keyLen > sizeof(policy->key) || saltLen > sizeof(policy->key) - keyLen)
		{
			return srtp_err_status_bad_param;
		}

		// Nothing of a longer one stays.
		OPENSSL_cleanse(policy->key, sizeof(policy->key));
		std::memcpy(policy->key, key, keyLen);
		std::memcpy(policy->key + keyLen, salt, saltLen);
		policy->v2.key = policy->key;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policySetAllowRepeatTx(Policy* policy, bool allow)
	{
		policy->v2.allow_repeat_tx = allow ? 1 : 0;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policySetWindowSize(Policy* policy, size_t size)
	{
		policy->v2.window_size = static_cast<unsigned long>(size);

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t create(srtp_t* session, Policy* policy)
	{
		return ::srtp_create(session, &policy->v2);
	}

	using InPlace       = srtp_err_status_t(srtp_t, void*, int*);
	using TrailerLength = srtp_err_status_t(srtp_t, uint32_t, uint32_t, uint32_t*);

	// Runs a function of libsrtp 2 on a copy of the packet, once it is known to fit. As in libsrtp 3, `outLen` is the size of the output
	// buffer before and the length of the packet after; it stays as it is when there is no packet.
	template<InPlace Function>
	inline srtp_err_status_t process(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t trailerLen)
	{
		if (inLen > INT_MAX - SRTP_MAX_TRAILER_LEN)
		{
			return srtp_err_status_bad_param;
		}
		if (*outLen < inLen + trailerLen)
		{
			return srtp_err_status_buffer_small;
		}
		if (in != out)
		{
			std::memmove(out, in, inLen);
		}

		auto len       = static_cast<int>(inLen);
		const auto err = Function(session, out, &len);

		if (err == srtp_err_status_ok)
		{
			*outLen = static_cast<size_t>(len);
		}

		return err;
	}

	template<InPlace Function, TrailerLength Trailer>
	inline srtp_err_status_t protect(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
	{
		uint32_t trailerLen{ 0 };

		// The exact length is only looked up for a buffer that may be too small: the worker's never is.
		if (*outLen < inLen || *outLen - inLen < SRTP_MAX_TRAILER_LEN)
		{
			const auto err = Trailer(session, 0, 0, &trailerLen);

			if (err)
			{
				return err;
			}
		}

		return process<Function>(session, in, inLen, out, outLen, trailerLen);
	}

	template<InPlace Function>
	inline srtp_err_status_t unprotect(srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		return process<Function>(session, in, inLen, out, outLen, 0);
	}
} // namespace srtp3

#define srtp_policy_t srtp3::Policy*
#define srtp_policy_create srtp3::policyCreate
#define srtp_policy_destroy srtp3::policyDestroy
#define srtp_policy_set_ssrc srtp3::policySetSsrc
#define srtp_policy_set_profile srtp3::policySetProfile
#define srtp_policy_add_key srtp3::policyAddKey
#define srtp_policy_set_allow_repeat_tx srtp3::policySetAllowRepeatTx
#define srtp_policy_set_window_size srtp3::policySetWindowSize
#define srtp_create srtp3::create
#define srtp_protect srtp3::protect<::srtp_protect, ::srtp_get_protect_trailer_length>
#define srtp_protect_rtcp srtp3::protect<::srtp_protect_rtcp, ::srtp_get_protect_rtcp_trailer_length>
#define srtp_unprotect srtp3::unprotect<::srtp_unprotect>
#define srtp_unprotect_rtcp srtp3::unprotect<::srtp_unprotect_rtcp>
#define srtp_stream_remove srtp_remove_stream
