// Gathers the datagrams that one packet of a producer becomes, one for each of its consumers, and gives them to the kernel many at a time by
// sendmmsg. That saves the way into the kernel for each, and more by leaving the caches to one kind of work at a time: first to encryption, then
// to the network.
//
// Router.cpp opens a batch around its loop over consumers, and UdpSocketHandle.cpp offers each datagram to it: see CMakeLists.txt. Nothing
// waits: the batch is sent before the loop ends. What the kernel does not take goes the way that it goes without a batch.
#pragma once
#include "common.hpp"
#include "handles/UdpSocketHandle.hpp"
#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

class SendBatch
{
public:
	SendBatch()
	{
		SendBatch::depth++;
	}

	~SendBatch()
	{
		if (--SendBatch::depth == 0)
		{
			Flush();
		}
	}

	SendBatch(const SendBatch&)            = delete;
	SendBatch& operator=(const SendBatch&) = delete;

	/** Whether it took a copy of the datagram. One that somebody waits for goes at once, behind those that came before. */
	static bool Add(
	  UdpSocketHandle* socket, const uint8_t* data, size_t len, const struct sockaddr* addr, const void* callback)
	{
		if (SendBatch::depth == 0)
		{
			return false;
		}
		if (callback || len > MaxLength || !addr)
		{
			Flush();

			return false;
		}
		if (
		  SendBatch::count == MaxDatagrams || SendBatch::used + len > SendBatch::store.size() ||
		  (SendBatch::count > 0 && SendBatch::socket != socket))
		{
			Flush();
		}
		// It does not overtake those that wait for the kernel already.
		if (uv_udp_get_send_queue_count(socket->uvHandle) > 0)
		{
			return false;
		}

		const socklen_t addrLen =
		  addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
		auto& slot = SendBatch::slots[SendBatch::count];

		std::memcpy(std::addressof(slot.addr), addr, addrLen);
		std::memcpy(SendBatch::store.data() + SendBatch::used, data, len);
		slot.iov = { .iov_base = SendBatch::store.data() + SendBatch::used, .iov_len = len };

		auto& header       = SendBatch::headers[SendBatch::count].msg_hdr;
		header             = {};
		header.msg_name    = std::addressof(slot.addr);
		header.msg_namelen = addrLen;
		header.msg_iov     = std::addressof(slot.iov);
		header.msg_iovlen  = 1;

		SendBatch::used += len;
		SendBatch::count++;
		SendBatch::socket = socket;

		return true;
	}

private:
	/** Sends what there is. */
	static void Flush()
	{
		const size_t total = std::exchange(SendBatch::count, 0);
		// Those that are sent alone are not to come back here.
		const size_t outer = std::exchange(SendBatch::depth, 0);
		size_t next{ 0 };

		while (next < total)
		{
			const auto taken = Give(next, total - next);

			for (size_t index{ next }; index < next + taken; ++index)
			{
				SendBatch::socket->sentBytes += SendBatch::slots[index].iov.iov_len;
			}

			next += taken;

			if (next < total && taken == 0)
			{
				const auto& slot = SendBatch::slots[next++];

				SendBatch::socket->Send(
				  static_cast<const uint8_t*>(slot.iov.iov_base),
				  slot.iov.iov_len,
				  reinterpret_cast<const struct sockaddr*>(std::addressof(slot.addr)),
				  nullptr);
			}
		}

		SendBatch::used  = 0;
		SendBatch::depth = outer;
	}

	/** How many of them the kernel took. */
	static size_t Give(size_t first, size_t number)
	{
		const auto* uvHandle = SendBatch::socket->uvHandle;
		uv_os_fd_t fd;

		// Where one waits for the kernel, the others wait behind it.
		if (
		  uv_udp_get_send_queue_count(uvHandle) > 0 ||
		  uv_fileno(reinterpret_cast<const uv_handle_t*>(uvHandle), std::addressof(fd)) != 0)
		{
			return 0;
		}

		int taken;

		do
		{
			taken = sendmmsg(fd, SendBatch::headers.data() + first, number, 0);
		} while (taken < 0 && errno == EINTR);

		return taken > 0 ? taken : 0;
	}

	static constexpr size_t MaxDatagrams{ 64 };
	// No longer than fits a network. Others are sent alone.
	static constexpr size_t MaxLength{ 1500 };

	struct Slot
	{
		struct iovec iov;
		struct sockaddr_in6 addr;
	};

	static inline thread_local size_t depth{ 0 };
	static inline thread_local size_t count{ 0 };
	static inline thread_local size_t used{ 0 };
	static inline thread_local UdpSocketHandle* socket{ nullptr };
	static inline thread_local std::array<struct mmsghdr, MaxDatagrams> headers;
	static inline thread_local std::array<Slot, MaxDatagrams> slots;
	static inline thread_local std::array<uint8_t, 32 * 1024> store;
};
