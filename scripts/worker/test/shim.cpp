// Holds the shim of libsrtp 3 to the test vectors of RFC 3711 and RFC 7714, and to the bounds that libsrtp 3 keeps. Prints what it has
// found, and ends with 1 when anything is wrong.
//
// The vectors of the RFCs are of session keys, and a session takes master keys. So a reference in OpenSSL is held to the vectors
// first, and then the packets of the shim to the reference.
#include <srtp.h>
#include <cstdio>
#include <memory>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string>
#include <vector>

namespace
{
	using Bytes = std::vector<uint8_t>;

	int failures{ 0 };

	void check(bool isRight, const char* rule)
	{
		std::printf("%s %s\n", isRight ? "ok  " : "FAIL", rule);

		if (!isRight)
		{
			failures++;
		}
	}

	Bytes hex(const std::string& text)
	{
		Bytes bytes;
		std::string digits;

		for (const auto character : text)
		{
			if (character == ' ')
			{
				continue;
			}
			digits += character;
			if (digits.size() == 2)
			{
				bytes.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
				digits.clear();
			}
		}

		return bytes;
	}

	Bytes join(const Bytes& one, const Bytes& other)
	{
		Bytes both = one;
		both.insert(both.end(), other.begin(), other.end());

		return both;
	}

	Bytes slice(const Bytes& bytes, size_t from, size_t to)
	{
		return { bytes.begin() + from, bytes.begin() + to };
	}

	// RFC 3711, section 4.1.1: the key stream of AES in counter mode, over the text.
	Bytes aesCm(const Bytes& key, const Bytes& iv, const Bytes& text)
	{
		Bytes out(text.size() + 16);
		int len{ 0 };
		const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
		  EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);

		EVP_EncryptInit_ex(
		  context.get(), key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), nullptr, key.data(), iv.data());
		EVP_EncryptUpdate(context.get(), out.data(), &len, text.data(), static_cast<int>(text.size()));
		out.resize(text.size());

		return out;
	}

	// RFC 3711, section 4.3: a session key of a master key, of the packets from the first on.
	Bytes derive(const Bytes& masterKey, const Bytes& masterSalt, uint8_t label, size_t length)
	{
		Bytes iv(16);

		std::copy(masterSalt.begin(), masterSalt.end(), iv.begin());
		iv[7] ^= label;

		return aesCm(masterKey, iv, Bytes(length));
	}

	// Of RTP: SSRC and index within a salt of 14 or 12 bytes (RFC 3711, section 4.1.1; RFC 7714, section 8.1).
	Bytes ivOf(const Bytes& salt, const Bytes& ssrc, const Bytes& index, size_t ssrcAt, size_t indexAt, size_t size)
	{
		Bytes iv(size);

		std::copy(salt.begin(), salt.end(), iv.begin());
		for (size_t i = 0; i < ssrc.size(); i++)
		{
			iv[ssrcAt + i] ^= ssrc[i];
		}
		for (size_t i = 0; i < index.size(); i++)
		{
			iv[indexAt + i] ^= index[i];
		}

		return iv;
	}

	Bytes hmacSha1(const Bytes& key, const Bytes& text, size_t length)
	{
		Bytes tag(20);
		unsigned int size{ 20 };

		HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), text.data(), text.size(), tag.data(), &size);
		tag.resize(length);

		return tag;
	}

	// AES-GCM: the text encrypted, and the tag.
	Bytes aesGcm(const Bytes& key, const Bytes& iv, const Bytes& aad, const Bytes& text)
	{
		Bytes out(text.size());
		Bytes tag(16);
		int len{ 0 };
		const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
		  EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);

		EVP_EncryptInit_ex(
		  context.get(), key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), nullptr, key.data(), iv.data());
		EVP_EncryptUpdate(context.get(), nullptr, &len, aad.data(), static_cast<int>(aad.size()));
		EVP_EncryptUpdate(context.get(), out.data(), &len, text.data(), static_cast<int>(text.size()));
		EVP_EncryptFinal_ex(context.get(), out.data() + len, &len);
		EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data());

		return join(out, tag);
	}

	// A session as mediasoup-worker makes one.
	struct Session
	{
		srtp_t session{ nullptr };

		Session(const Bytes& key, const Bytes& salt, srtp_profile_t profile, srtp_ssrc_type_t direction)
		{
			srtp_policy_t policy{ nullptr };
			srtp_ssrc_t ssrc{};

			ssrc.type = direction;
			srtp_policy_create(&policy);
			srtp_policy_set_ssrc(policy, ssrc);
			srtp_policy_set_profile(policy, profile);
			srtp_policy_add_key(policy, key.data(), key.size(), salt.data(), salt.size(), nullptr, 0);
			srtp_policy_set_allow_repeat_tx(policy, true);
			srtp_policy_set_window_size(policy, 1024);
			check(srtp_create(&this->session, policy) == srtp_err_status_ok, "a session is made");
			srtp_policy_destroy(policy);
		}

		~Session()
		{
			srtp_dealloc(this->session);
		}
	};

	using Protect   = srtp_err_status_t (*)(srtp_t, const uint8_t*, size_t, uint8_t*, size_t*, size_t);
	using Unprotect = srtp_err_status_t (*)(srtp_t, const uint8_t*, size_t, uint8_t*, size_t*);

	Bytes protect(Protect function, const Session& session, const Bytes& packet)
	{
		Bytes out(packet.size() + SRTP_MAX_TRAILER_LEN);
		size_t len = out.size();

		if (function(session.session, packet.data(), packet.size(), out.data(), &len, 0) != srtp_err_status_ok)
		{
			return {};
		}
		out.resize(len);

		return out;
	}

	Bytes unprotect(Unprotect function, const Session& session, Bytes packet)
	{
		size_t len = packet.size();

		// In place, as the worker does it.
		if (function(session.session, packet.data(), packet.size(), packet.data(), &len) != srtp_err_status_ok)
		{
			return {};
		}
		packet.resize(len);

		return packet;
	}

	constexpr Protect protectRtp         = srtp_protect;
	constexpr Protect protectRtcp        = srtp_protect_rtcp;
	constexpr Unprotect unprotectRtp     = srtp_unprotect;
	constexpr Unprotect unprotectRtcp    = srtp_unprotect_rtcp;
	const Bytes rtp                      = hex("8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573");
	const Bytes rtcp                     = hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef");
	constexpr size_t RtpHeader           = 12;
	constexpr size_t RtcpHeader          = 8;

	// What RFC 3711 or RFC 7714 make of the two packets, of their first index on a session.
	struct Expected
	{
		Bytes rtp;
		Bytes rtcp;
	};

	Expected expectAesCm(const Bytes& key, const Bytes& salt, size_t tagLength)
	{
		const auto rtpIv = ivOf(derive(key, salt, 2, 14), slice(rtp, 8, 12), hex("00000000f17b"), 4, 8, 16);
		const auto sealed =
		  join(slice(rtp, 0, RtpHeader), aesCm(derive(key, salt, 0, 16), rtpIv, slice(rtp, RtpHeader, rtp.size())));
		const auto tag = hmacSha1(derive(key, salt, 1, 20), join(sealed, hex("00000000")), tagLength);
		const auto rtcpIv = ivOf(derive(key, salt, 5, 14), slice(rtcp, 4, 8), hex("000000000001"), 4, 8, 16);
		const auto sealedRtcp =
		  join(
		    join(slice(rtcp, 0, RtcpHeader), aesCm(derive(key, salt, 3, 16), rtcpIv, slice(rtcp, RtcpHeader, rtcp.size()))),
		    hex("80000001"));

		// RTCP has the long tag in either profile.
		return { join(sealed, tag), join(sealedRtcp, hmacSha1(derive(key, salt, 4, 20), sealedRtcp, 10)) };
	}

	Expected expectAesGcm(const Bytes& key, const Bytes& salt)
	{
		const auto masterSalt = join(salt, hex("0000"));
		const auto rtpIv = ivOf(derive(key, masterSalt, 2, 12), slice(rtp, 8, 12), hex("00000000f17b"), 2, 6, 12);
		const auto rtcpIv = ivOf(derive(key, masterSalt, 5, 12), slice(rtcp, 4, 8), hex("00000001"), 2, 8, 12);
		const auto head   = slice(rtcp, 0, RtcpHeader);
		const auto index  = hex("80000001");

		return {
			join(
			  slice(rtp, 0, RtpHeader),
			  aesGcm(derive(key, masterSalt, 0, key.size()), rtpIv, slice(rtp, 0, RtpHeader), slice(rtp, RtpHeader, rtp.size()))),
			join(
			  join(
			    head,
			    aesGcm(derive(key, masterSalt, 3, key.size()), rtcpIv, join(head, index), slice(rtcp, RtcpHeader, rtcp.size()))),
			  index),
		};
	}

	void testReference()
	{
		const auto key  = hex("e1f97a0d3e018be0d64fa32c06de4139");
		const auto salt = hex("0ec675ad498afeebb6960b3aabe6");

		check(derive(key, salt, 0, 16) == hex("c61e7a93744f39ee10734afe3ff7a087"), "RFC 3711, B.3: cipher key");
		check(derive(key, salt, 2, 14) == hex("30cbbc08863d8c85d49db34a9ae1"), "RFC 3711, B.3: cipher salt");
		check(
		  derive(key, salt, 1, 20) == hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4"), "RFC 3711, B.3: authentication key");
		check(
		  aesCm(hex("2b7e151628aed2a6abf7158809cf4f3c"), hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000"), Bytes(32)) ==
		    hex("e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"),
		  "RFC 3711, B.2: key stream of AES-CM");

		const auto gcmKey  = hex("000102030405060708090a0b0c0d0e0f");
		const auto gcmSalt = hex("517569642070726f2071756f");
		const auto rtpIv   = ivOf(gcmSalt, slice(rtp, 8, 12), hex("00000000f17b"), 2, 6, 12);

		check(rtpIv == hex("51753c6580c2726f20718414"), "RFC 7714, 16.1.1: initialization vector");
		check(
		  aesGcm(gcmKey, rtpIv, slice(rtp, 0, RtpHeader), slice(rtp, RtpHeader, rtp.size())) ==
		    hex("f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce"),
		  "RFC 7714, 16.1.1: AEAD_AES_128_GCM");

		const auto rtcpIv = ivOf(gcmSalt, slice(rtcp, 4, 8), hex("000005d4"), 2, 8, 12);
		check(
		  aesGcm(gcmKey, rtcpIv, join(slice(rtcp, 0, RtcpHeader), hex("800005d4")), slice(rtcp, RtcpHeader, rtcp.size())) ==
		    hex("63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade"),
		  "RFC 7714, 17.1: AEAD_AES_128_GCM of RTCP");
	}

	void testProfile(
	  const char* name, srtp_profile_t profile, const Bytes& key, const Bytes& salt, const Expected& expected)
	{
		std::printf("     %s\n", name);

		Session sender(key, salt, profile, ssrc_any_outbound);
		Session receiver(key, salt, profile, ssrc_any_inbound);

		check(protect(protectRtp, sender, rtp) == expected.rtp, "RTP is sealed as the RFC says");
		check(protect(protectRtcp, sender, rtcp) == expected.rtcp, "RTCP is sealed as the RFC says");
		check(unprotect(unprotectRtp, receiver, expected.rtp) == rtp, "RTP is opened");
		check(unprotect(unprotectRtcp, receiver, expected.rtcp) == rtcp, "RTCP is opened");
		check(unprotect(unprotectRtp, receiver, expected.rtp).empty(), "RTP that comes again is refused");

		Session other(key, salt, profile, ssrc_any_inbound);
		for (size_t i : { size_t{ 1 }, RtpHeader, expected.rtp.size() - 1 })
		{
			auto forged = expected.rtp;
			forged[i] ^= 1;
			check(unprotect(unprotectRtp, other, forged).empty(), "RTP that is changed is refused");
		}
	}

	void testBounds(srtp_profile_t profile, const Bytes& key, const Bytes& salt, size_t trailer, size_t rtcpTrailer)
	{
		Session sender(key, salt, profile, ssrc_any_outbound);
		Session receiver(key, salt, profile, ssrc_any_inbound);
		const struct
		{
			Protect protect;
			Unprotect unprotect;
			const Bytes& packet;
			size_t trailer;
		} kinds[] = { { protectRtp, unprotectRtp, rtp, trailer }, { protectRtcp, unprotectRtcp, rtcp, rtcpTrailer } };

		for (const auto& kind : kinds)
		{
			const auto needed = kind.packet.size() + kind.trailer;
			Bytes out(needed + 1, 0xee);

			for (size_t size : { size_t{ 0 }, kind.packet.size(), needed - 1 })
			{
				size_t len     = size;
				const auto err = kind.protect(sender.session, kind.packet.data(), kind.packet.size(), out.data(), &len, 0);

				check(err == srtp_err_status_buffer_small && len == size, "a buffer that is too small is refused");
				check(out == Bytes(needed + 1, 0xee), "and not written to");
			}

			size_t len = needed;
			check(
			  kind.protect(sender.session, kind.packet.data(), kind.packet.size(), out.data(), &len, 0) == srtp_err_status_ok &&
			    len == needed && out.back() == 0xee,
			  "one of the exact size is filled, and no byte beyond");

			size_t small = needed - 1;
			Bytes opened(needed, 0xee);
			check(
			  kind.unprotect(receiver.session, out.data(), needed, opened.data(), &small) == srtp_err_status_buffer_small &&
			    opened == Bytes(needed, 0xee),
			  "so is one to open a packet in");
			size_t space = needed;
			check(
			  kind.unprotect(receiver.session, out.data(), needed, opened.data(), &space) == srtp_err_status_ok &&
			    space == kind.packet.size(),
			  "and what it was is opened into another buffer");
		}

		size_t len = SIZE_MAX;
		check(
		  protectRtp(sender.session, rtp.data(), size_t{ INT_MAX }, nullptr, &len, 0) == srtp_err_status_bad_param,
		  "a length that libsrtp 2 cannot count is refused");
	}

	void testKeys()
	{
		const Bytes key(32, 0x5a);
		const Bytes salt(14, 0x5a);
		alignas(srtp3::Policy) uint8_t memory[sizeof(srtp3::Policy)];
		auto* policy = new (memory) srtp3::Policy();

		check(
		  srtp_policy_add_key(policy, key.data(), SIZE_MAX, salt.data(), salt.size(), nullptr, 0) == srtp_err_status_bad_param &&
		    srtp_policy_add_key(policy, key.data(), 16, salt.data(), SIZE_MAX, nullptr, 0) == srtp_err_status_bad_param,
		  "a key of a length that no key has is refused");
		srtp_policy_add_key(policy, key.data(), key.size(), salt.data(), salt.size(), nullptr, 0);
		const auto holds = [&memory]()
		{
			size_t run{ 0 };
			for (const auto byte : memory)
			{
				run = byte == 0x5a ? run + 1 : 0;
				if (run == 8)
				{
					return true;
				}
			}
			return false;
		};

		check(holds(), "a policy holds its key while it lives");
		policy->~Policy();
		check(!holds(), "and nothing of it is left after");
	}
} // namespace

int main()
{
	const auto key     = hex("e1f97a0d3e018be0d64fa32c06de4139");
	const auto salt    = hex("0ec675ad498afeebb6960b3aabe6");
	const auto gcmSalt = hex("517569642070726f2071756f");
	const auto longKey = join(key, hex("000102030405060708090a0b0c0d0e0f"));

	srtp_init();
	testReference();
	testProfile("SRTP_AES128_CM_SHA1_80", srtp_profile_aes128_cm_sha1_80, key, salt, expectAesCm(key, salt, 10));
	testProfile("SRTP_AES128_CM_SHA1_32", srtp_profile_aes128_cm_sha1_32, key, salt, expectAesCm(key, salt, 4));
	testProfile("SRTP_AEAD_AES_128_GCM", srtp_profile_aead_aes_128_gcm, key, gcmSalt, expectAesGcm(key, gcmSalt));
	testProfile("SRTP_AEAD_AES_256_GCM", srtp_profile_aead_aes_256_gcm, longKey, gcmSalt, expectAesGcm(longKey, gcmSalt));
	testBounds(srtp_profile_aes128_cm_sha1_80, key, salt, 10, 14);
	testBounds(srtp_profile_aes128_cm_sha1_32, key, salt, 4, 14);
	testBounds(srtp_profile_aead_aes_128_gcm, key, gcmSalt, 16, 20);
	testKeys();
	srtp_shutdown();
	std::printf("%d wrong\n", failures);

	return failures == 0 ? 0 : 1;
}
