// Valve's loop around the system's sockets, whose datagrams go over a line of a given rate: what the line does not
// carry is lost, and its sender does not know.

#include "clientlib/steamnetworkingsockets_lowlevel.h"

#include <tier0/platform_sockets.h>

#ifdef _WIN32
#include <mswsock.h>
#endif

#include "host.h"

namespace {

#ifdef _WIN32

int SendOverLine(SOCKET socket, LPWSAMSG message, DWORD flags, LPDWORD sent, LPWSAOVERLAPPED overlapped,
                 LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
    DWORD size = 0;
    for (DWORD part = 0; part != message->dwBufferCount; ++part) size += message->lpBuffers[part].len;
    if (local_steam_host.carries(true, size)) return WSASendMsg(socket, message, flags, sent, overlapped, completion);
    *sent = size;
    return 0;
}

int ReceiveOverLine(SOCKET socket, char *to, int room, int flags, sockaddr *from, int *from_size) {
    const int from_room = *from_size;
    for (;;) {
        *from_size = from_room;
        const int size = recvfrom(socket, to, room, flags, from, from_size);
        if (size < 0 || local_steam_host.carries(false, static_cast<size_t>(size))) return size;
    }
}

#else

ssize_t SendOverLine(int socket, const msghdr *message, int flags) {
    size_t size = 0;
    for (size_t part = 0; part != static_cast<size_t>(message->msg_iovlen); ++part)
        size += message->msg_iov[part].iov_len;
    return local_steam_host.carries(true, size) ? sendmsg(socket, message, flags) : static_cast<ssize_t>(size);
}

ssize_t SendOverLine(int socket, const void *data, size_t size, int flags, const sockaddr *to, socklen_t to_size) {
    return local_steam_host.carries(true, size) ? sendto(socket, data, size, flags, to, to_size)
                                                : static_cast<ssize_t>(size);
}

ssize_t ReceiveOverLine(int socket, msghdr *message, int flags) {
    const msghdr empty = *message;
    for (;;) {
        *message = empty;
        const ssize_t size = recvmsg(socket, message, flags);
        if (size < 0 || local_steam_host.carries(false, static_cast<size_t>(size))) return size;
    }
}

#endif

} // namespace

#ifdef _WIN32
#define WSASendMsg SendOverLine
// The only use of this call: it asks for a pointer to `WSARecvMsg`. Without one the sockets use `recvfrom`.
#define WSAIoctl(...) SOCKET_ERROR
#define recvfrom ReceiveOverLine
#else
#define sendmsg SendOverLine
#define sendto SendOverLine
#define recvmsg ReceiveOverLine
#endif

#include "clientlib/steamnetworkingsockets_socketthread.cpp"
