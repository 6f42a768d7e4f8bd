"""A TCP proxy that misbehaves when it is told to."""

import socket
import threading


class FaultProxy:
    """Stands between the server and its database.

    - `cut()`: every connection is reset, new ones are refused.
    - `hole()`: nothing arrives any more, either way, and nobody is told.
    - `delay(seconds)`: each answer of the database comes late.
    - `lose_answer_to(*words)`: once a connection has carried all these words in this order, the answer to the last is lost, and the connection with it.
    - `silence_behind(*words)`: once a connection has carried all these words, nothing comes back over it any more, and nothing arrives.
    - `heal()`: all is well again.
    """

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = self.listen(0)
        self.port = self.listener.getsockname()[1]
        self.lock, self.healthy = threading.Lock(), threading.Event()
        self.connections, self.doomed, self.silent, self.words, self.late = [], set(), set(), (), 0
        self.fate, self.came = self.doomed, threading.Event()
        self.heard = {}
        self.healthy.set()
        self.accept()

    @staticmethod
    def listen(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def accept(self):
        def take(listener):
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=self.connect, args=(client,), daemon=True).start()

        threading.Thread(target=take, args=(self.listener,), daemon=True).start()

    def connect(self, client):
        self.healthy.wait()
        try:
            server = socket.create_connection(self.target)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections.append((client, server))
        threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
        threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, target, is_answer):
        try:
            while data := source.recv(65536):
                self.healthy.wait()
                if is_answer and self.late:
                    threading.Event().wait(self.late)
                if is_answer and source in self.doomed:
                    break
                if (source if is_answer else target) in self.silent:
                    continue
                if not is_answer:
                    self.listen_for_words(target, data)
                target.sendall(data)
        except OSError:
            pass
        self.close(source, target)

    def listen_for_words(self, server, data):
        """Whether this message decides the connection's fate."""
        with self.lock:
            if not self.words:
                return
            heard = self.heard.get(server, 0)
            while heard < len(self.words) and self.words[heard] in data:
                heard += 1
            self.heard[server] = heard
            if heard == len(self.words):
                self.words = ()
                self.fate.add(server)
                self.came.set()

    @staticmethod
    def close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def cut(self):
        self.close(self.listener)
        with self.lock:
            connections, self.connections = self.connections, []
        for client, server in connections:
            self.close(client, server)

    def hole(self):
        self.healthy.clear()

    def delay(self, seconds):
        self.late = seconds

    def lose_answer_to(self, *words):
        self.wait_for(words, self.doomed)

    def silence_behind(self, *words):
        self.wait_for(words, self.silent)

    def wait_for(self, words, fate):
        with self.lock:
            self.words, self.heard, self.fate = words, {}, fate
            self.came.clear()

    def hears(self):
        """Waits for the words. - Returns: whether they came."""
        return self.came.wait(15)

    def heal(self):
        self.late = 0
        self.close(*self.silent)
        self.silent.clear()
        self.healthy.set()
        if self.listener.fileno() < 0:
            self.listener = self.listen(self.port)
            self.accept()

    def remove(self):
        self.heal()
        self.cut()
