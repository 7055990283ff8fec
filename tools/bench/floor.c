/*
 * The floor beneath any SFU written as mediasoup is, one packet at a time: AES-128-GCM over an RTP packet of 120 bytes, and one
 * sendto of it. To many sockets in turn, as to many listeners.
 *
 * usage: floor ROUNDS RUNS SOCKETS PAUSE_MS; prints a line per run: microseconds of CPU, user and system, for each packet. After a
 * pause between the rounds, caches and the processor's clock are as a media worker finds them.
 */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { MAX_SOCKETS = 1000, HEADER = 20, PAYLOAD = 84, TAG = 16, PACKET = HEADER + PAYLOAD + TAG };

static void assert_that(int condition, const char *what) {
  if (condition) return;
  perror(what);
  exit(1);
}

static double cpu_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void protect(EVP_CIPHER_CTX *context, unsigned char *packet, unsigned char *iv, const unsigned char *payload) {
  int length;
  int ok = EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) &&
           EVP_EncryptUpdate(context, NULL, &length, packet, HEADER) &&
           EVP_EncryptUpdate(context, packet + HEADER, &length, payload, PAYLOAD) &&
           EVP_EncryptFinal_ex(context, packet + HEADER + PAYLOAD, &length) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, packet + HEADER + PAYLOAD);
  assert_that(ok, "AES-128-GCM");
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 50, runs = argc > 2 ? atoi(argv[2]) : 5;
  const int sockets = argc > 3 ? atoi(argv[3]) : MAX_SOCKETS, pause_ms = argc > 4 ? atoi(argv[4]) : 0;
  const struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000L};
  assert_that(sockets > 0 && sockets <= MAX_SOCKETS, "SOCKETS");
  static int receivers[MAX_SOCKETS];
  static struct sockaddr_in addresses[MAX_SOCKETS];
  static EVP_CIPHER_CTX *contexts[MAX_SOCKETS];
  unsigned char payload[PAYLOAD], packet[PACKET], key[16], iv[12] = {0};
  memset(payload, 0x5a, sizeof payload);
  memset(packet, 0x80, sizeof packet);

  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  const int sender = socket(AF_INET, SOCK_DGRAM, 0);
  assert_that(sender >= 0, "socket");
  for (int i = 0; i < sockets; i++) {
    socklen_t size = sizeof addresses[i];
    addresses[i].sin_family = AF_INET;
    addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    receivers[i] = socket(AF_INET, SOCK_DGRAM, 0);
    assert_that(receivers[i] >= 0 && bind(receivers[i], (void *)&addresses[i], size) == 0, "bind");
    getsockname(receivers[i], (void *)&addresses[i], &size);
    memset(key, i & 0xff, sizeof key);
    contexts[i] = EVP_CIPHER_CTX_new();
    /* A key for each listener, set up once: as DTLS leaves it behind. */
    assert_that(contexts[i] && EVP_EncryptInit_ex(contexts[i], EVP_aes_128_gcm(), NULL, key, NULL), "key");
  }

  for (int run = 0; run < runs; run++) {
    double spent = 0;
    for (int round = 0; round < rounds; round++) {
      if (pause_ms > 0) nanosleep(&pause, NULL);
      const double before = cpu_us();
      for (int i = 0; i < sockets; i++) {
        memcpy(iv, &round, sizeof round);
        protect(contexts[i], packet, iv, payload);
        sendto(sender, packet, sizeof packet, 0, (void *)&addresses[i], sizeof addresses[i]);
      }
      spent += cpu_us() - before;
      /* Taken out again, and not counted: a full socket drops what comes for less than it takes to deliver it. */
      unsigned char received[PACKET];
      for (int i = 0; i < sockets; i++) recv(receivers[i], received, sizeof received, MSG_DONTWAIT);
    }
    printf("%.3f\n", spent / rounds / sockets);
  }
  return 0;
}
