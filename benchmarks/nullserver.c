/* A server that does nothing, fast: the same other side for every library that is measured.
 *
 * HTTP/1.1 over epoll in one thread, on 127.0.0.1 and a free port, which it prints. Connections are kept alive; a
 * request with a Content-Length of at most 1 MiB is read whole and answered with 200 and `{}`, one that sends a
 * message with 200, a delivery_id and queued_at. It counts requests, bytes of bodies and occurrences of `"order_id"` in
 * them (each event that is sent here has one, whatever the API); `GET /counts` tells the counts and is not counted
 * itself.
 *
 * An argument is a number of milliseconds after which it answers: the way to a distant server and back. It ends when
 * its standard input is closed, and in any case after a quarter of an hour.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 128, HEAD = 16 << 10, BODY = 1 << 20, ROOM = HEAD + BODY, LIFETIME = 900 };

struct connection {
    int fd;
    size_t used;   /* bytes in the buffer */
    size_t length; /* of the request at the buffer's start, head and body; 0 while its head is not complete */
    size_t head;   /* of these, the head */
    long long due; /* when its answer is, in milliseconds; 0 while it waits for none */
    char buffer[ROOM];
};

static int epoll_fd, connections, delay;
static unsigned long long requests, body_bytes, events_seen;
static struct connection *waiting[CONNECTIONS]; /* for their answers, the first that is due first */
static int waiting_count;

static const char TAKEN[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}\n";
static const char QUEUED[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n"
    "{\"delivery_id\":\"RPILAgUBcRhIBqSfeiIwdIYJKxTY\",\"queued_at\":1613063089}\n";
static const char REFUSED[] = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void forget(struct connection *connection) {
    int kept = 0;
    for (int i = 0; i < waiting_count; i++)
        if (waiting[i] != connection)
            waiting[kept++] = waiting[i];
    waiting_count = kept;
}

static void hang_up(struct connection *connection) {
    forget(connection);
    close(connection->fd);
    free(connection);
    connections--;
}

static long long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int say(int fd, const char *text, size_t length) {
    return send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

static int tell_counts(int fd) {
    char body[128], reply[256];
    int length = snprintf(body, sizeof body, "{\"requests\":%llu,\"bytes\":%llu,\"events\":%llu}\n", requests,
                          body_bytes, events_seen);
    int whole = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, body);
    return say(fd, reply, (size_t)whole);
}

static int answer(struct connection *connection) {
    static const char needle[] = "\"order_id\"", counts[] = "GET /counts ", message[] = "POST /v1/send/";
    char *at = connection->buffer + connection->head, *end = connection->buffer + connection->length;
    if (connection->head > sizeof counts && memcmp(connection->buffer, counts, sizeof counts - 1) == 0)
        return tell_counts(connection->fd);
    requests++;
    body_bytes += connection->length - connection->head;
    while ((at = memmem(at, (size_t)(end - at), needle, sizeof needle - 1)) != NULL) {
        events_seen++;
        at += sizeof needle - 1;
    }
    if (connection->head > sizeof message && memcmp(connection->buffer, message, sizeof message - 1) == 0)
        return say(connection->fd, QUEUED, sizeof QUEUED - 1);
    if (delay == 0)
        return say(connection->fd, TAKEN, sizeof TAKEN - 1);
    if (connection->due != 0)
        return -1; /* a second request before the first one's answer: no client that is measured does that */
    connection->due = milliseconds() + delay;
    waiting[waiting_count++] = connection;
    return 0;
}

/* Answer those whose time has come; return how long until the next, -1 for as long as it takes. */
static int answer_due(void) {
    while (waiting_count > 0) {
        struct connection *first = waiting[0];
        long long left = first->due - milliseconds();
        if (left > 0)
            return (int)left;
        forget(first);
        first->due = 0;
        if (say(first->fd, TAKEN, sizeof TAKEN - 1) < 0)
            hang_up(first);
    }
    return -1;
}

/* Find the end of the head and the length of the body; -1 if the request is none that is taken. */
static int measure(struct connection *connection) {
    size_t seen = connection->used < HEAD ? connection->used : HEAD;
    char *end = memmem(connection->buffer, seen, "\r\n\r\n", 4);
    if (end == NULL)
        return connection->used >= HEAD ? -1 : 0;
    *end = '\0'; /* the head becomes a text that can be searched */
    char *field = strcasestr(connection->buffer, "\ncontent-length:");
    if (strcasestr(connection->buffer, "\ntransfer-encoding:") != NULL)
        return -1;
    *end = '\r';
    connection->head = (size_t)(end - connection->buffer) + 4;
    long long body = field == NULL ? 0 : atoll(field + strlen("\ncontent-length:"));
    if (body < 0 || body > BODY)
        return -1;
    connection->length = connection->head + (size_t)body;
    return 0;
}

static int serve_what_is_there(struct connection *connection) {
    while (connection->used > 0) {
        if (connection->length == 0 && measure(connection) < 0) {
            say(connection->fd, REFUSED, sizeof REFUSED - 1);
            return -1;
        }
        if (connection->length == 0 || connection->used < connection->length)
            return 0;
        if (answer(connection) < 0)
            return -1;
        connection->used -= connection->length;
        memmove(connection->buffer, connection->buffer + connection->length, connection->used);
        connection->length = connection->head = 0;
    }
    return 0;
}

static void take_in(struct connection *connection) {
    for (;;) {
        ssize_t got = read(connection->fd, connection->buffer + connection->used, ROOM - connection->used);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            hang_up(connection);
            return;
        }
        connection->used += (size_t)got;
        if (serve_what_is_there(connection) < 0) {
            hang_up(connection);
            return;
        }
    }
}

static void meet(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = connections < CONNECTIONS ? malloc(sizeof *connection) : NULL;
        if (connection == NULL) {
            close(fd);
            continue;
        }
        connections++;
        connection->fd = fd;
        connection->used = connection->length = connection->head = 0;
        connection->due = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
            hang_up(connection);
    }
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, CONNECTIONS) < 0)
        fail("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int fd, void *mark) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

int main(int count, char **arguments) {
    static char newcomers, keeper; /* their addresses tell these two from connections */
    struct epoll_event events[CONNECTIONS];
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        fail("epoll_create1");
    delay = count > 1 ? atoi(arguments[1]) : 0;
    alarm(LIFETIME);
    watch(STDIN_FILENO, &keeper);
    int listener = listen_on_loopback();
    watch(listener, &newcomers);
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, CONNECTIONS, answer_due());
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &keeper)
                return 0;
            if (events[i].data.ptr == &newcomers)
                meet(listener);
            else
                take_in(events[i].data.ptr);
        }
    }
}
