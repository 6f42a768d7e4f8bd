"""A line between a node and its database that can be cut and mended."""

import socket
import threading


class FaultProxy:
    """Passes TCP connections on to a target. While it is cut it ends them all and accepts none; while it is silent it passes nothing on."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.lock = threading.Lock()
        self.pairs = set()
        self.flowing = threading.Event()
        self.flowing.set()
        self.listener = None
        self.port = None
        self.mend()

    def mend(self):
        self.listener = socket.create_server(("127.0.0.1", self.port or 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        # The accepting thread sleeps in accept(): a shutdown wakes it, a close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            self.end(pair)

    def silence(self):
        self.flowing.clear()

    def speak(self):
        self.flowing.set()

    def close(self):
        self.speak()
        self.cut()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
                pair = (client, socket.create_connection(self.target))
            except OSError:
                return
            with self.lock:
                self.pairs.add(pair)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self.pass_on, args=(source, sink, pair), daemon=True).start()

    def pass_on(self, source, sink, pair):
        try:
            while piece := source.recv(65536):
                self.flowing.wait()
                sink.sendall(piece)
        except OSError:
            pass
        self.end(pair)

    @staticmethod
    def end(pair):
        for connection in pair:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
