// Holds SendBatch.hpp to its rules, with the patched socket that the worker has. Prints what it has found, and ends with 1 when anything is wrong.
#include "SendBatch.hpp"
#include "Channel/ChannelSocket.hpp"
#include "Logger.hpp"
#include "MediaSoupErrors.hpp"
#include "Settings.hpp"
#include "Utils.hpp"
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

// What the socket needs of the rest of the worker.
thread_local Channel::ChannelSocket* Logger::channel{ nullptr };
thread_local char Logger::buffer[1];
thread_local char MediaSoupError::buffer[2000];
thread_local struct Settings::Configuration Settings::configuration;
void Channel::ChannelSocket::SendLog(const char* /*data*/, uint32_t /*dataLen*/)
{
}
namespace Utils
{
	void IP::GetAddressInfo(const struct sockaddr* /*addr*/, int& /*family*/, std::string& /*ip*/, uint16_t& /*port*/)
	{
	}
} // namespace Utils

namespace
{
	// How many datagrams each call was to send, and how many of them the kernel is to take.
	std::vector<size_t> calls;
	size_t mostTaken{ SIZE_MAX };
} // namespace

extern "C" int sendmmsg(int fd, struct mmsghdr* headers, unsigned int number, int flags)
{
	calls.push_back(number);

	if (mostTaken == 0)
	{
		errno = EAGAIN;

		return -1;
	}

	return static_cast<int>(syscall(SYS_sendmmsg, fd, headers, std::min<size_t>(number, mostTaken), flags));
}

namespace
{
	int failures{ 0 };

	void check(bool isRight, const char* rule)
	{
		std::printf("%s %s\n", isRight ? "ok  " : "FAIL", rule);

		if (!isRight)
		{
			failures++;
		}
	}

	class Socket : public UdpSocketHandle
	{
	public:
		using UdpSocketHandle::UdpSocketHandle;
		void UserOnUdpDatagramReceived(const uint8_t*, size_t, size_t, const struct sockaddr*) override
		{
		}
	};

	std::unique_ptr<Socket> createSocket(uv_loop_t* loop)
	{
		auto* handle = new uv_udp_t;
		struct sockaddr_in any{};

		any.sin_family      = AF_INET;
		any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		uv_udp_init(loop, handle);
		uv_udp_bind(handle, reinterpret_cast<struct sockaddr*>(std::addressof(any)), 0);

		return std::make_unique<Socket>(handle);
	}

	class Receiver
	{
	public:
		Receiver() : fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0))
		{
			socklen_t len = sizeof(this->addr);

			this->addr.sin_family      = AF_INET;
			this->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			bind(this->fd, Addr(), len);
			getsockname(this->fd, reinterpret_cast<struct sockaddr*>(std::addressof(this->addr)), std::addressof(len));
		}

		~Receiver()
		{
			close(this->fd);
		}

		const struct sockaddr* Addr() const
		{
			return reinterpret_cast<const struct sockaddr*>(std::addressof(this->addr));
		}

		/** What has come, each followed by a space. */
		std::string Take() const
		{
			std::string all;
			char data[2048];
			ssize_t len;

			while ((len = recv(this->fd, data, sizeof(data), 0)) >= 0)
			{
				all.append(data, len).append(" ");
			}

			return all;
		}

	private:
		int fd;
		struct sockaddr_in addr{};
	};

	void send(Socket& socket, const struct sockaddr* addr, const std::string& text, std::function<void(bool)>* callback = nullptr)
	{
		socket.Send(reinterpret_cast<const uint8_t*>(text.data()), text.size(), addr, callback);
	}
} // namespace

int main()
{
	uv_loop_t loop;

	uv_loop_init(std::addressof(loop));

	auto socket = createSocket(std::addressof(loop));
	auto other  = createSocket(std::addressof(loop));
	const Receiver one;
	const Receiver two;

	send(*socket, one.Addr(), "a");
	check(calls.empty() && one.Take() == "a ", "without a batch, a datagram goes alone and at once");
	{
		const SendBatch batch;

		send(*socket, one.Addr(), "a");
		send(*socket, two.Addr(), "b");
		{
			const SendBatch inner;

			send(*socket, one.Addr(), "c");
		}
		check(one.Take().empty() && two.Take().empty(), "a batch waits for its end, the outermost of several");
	}
	check(one.Take() == "a c " && two.Take() == "b ", "and then each datagram goes where it was to go, in order");
	check(calls == std::vector<size_t>{ 3 }, "in one call");
	check(socket->GetSentBytes() == 4, "and counts as sent once");

	calls.clear();
	std::string expected;
	{
		const SendBatch batch;

		for (int index{ 0 }; index < 150; ++index)
		{
			expected += std::to_string(index) + " ";
			send(*socket, one.Addr(), std::to_string(index));
		}
	}
	check(one.Take() == expected && calls == std::vector<size_t>{ 64, 64, 22 }, "more than fit are sent 64 at a time");

	calls.clear();
	const std::string large(1400, 'x');
	expected.clear();
	{
		const SendBatch batch;

		for (int index{ 0 }; index < 30; ++index)
		{
			expected += large + " ";
			send(*socket, one.Addr(), large);
		}
		send(*socket, one.Addr(), std::string(1501, 'y'));
	}
	check(
	  one.Take() == expected + std::string(1501, 'y') + " " && calls.size() == 2,
	  "large ones keep their order too, as do those too large for a batch");

	calls.clear();
	{
		const SendBatch batch;

		send(*socket, one.Addr(), "a");
		send(*other, one.Addr(), "b");
		send(*socket, one.Addr(), "c");
	}
	check(one.Take() == "a b c " && calls == std::vector<size_t>{ 1, 1, 1 }, "a batch is of one socket");

	calls.clear();
	bool wasSent{ false };
	{
		const SendBatch batch;

		send(*socket, one.Addr(), "a");
		send(*socket, one.Addr(), "b", new std::function<void(bool)>([&wasSent](bool sent) { wasSent = sent; }));
		check(wasSent && one.Take() == "a b ", "one whose sender waits for it goes at once, behind those before it");
	}

	struct sockaddr_in6 wrong{};

	wrong.sin6_family = AF_INET6;
	wrong.sin6_addr   = in6addr_loopback;
	wrong.sin6_port   = htons(9);
	{
		const SendBatch batch;

		send(*socket, one.Addr(), "a");
		send(*socket, reinterpret_cast<struct sockaddr*>(std::addressof(wrong)), "b");
		send(*socket, one.Addr(), "c");
	}
	uv_run(std::addressof(loop), UV_RUN_NOWAIT);
	check(one.Take() == "a c ", "one that cannot be sent keeps back no other");

	for (const size_t taken : { 0, 1, 2 })
	{
		mostTaken = taken;
		{
			const SendBatch batch;

			for (int index{ 0 }; index < 5; ++index)
			{
				send(*socket, one.Addr(), std::to_string(index));
			}
		}
		mostTaken = SIZE_MAX;
		uv_run(std::addressof(loop), UV_RUN_NOWAIT);
		check(one.Take() == "0 1 2 3 4 ", "what the kernel does not take at once is sent behind what it took");
	}

	std::printf("%d wrong\n", failures);

	return failures == 0 ? 0 : 1;
}
