"""A WebSocket server that only sends, as fast or as regularly as its URL asks.

`/flood-COUNT-PART/...` sends COUNT messages as fast as they are taken;
`/pace-RATE-SECONDS-PART/...` sends RATE a second for so long (0: for ever), a burst a
millisecond, each frame with the sender's clock as its event time; `/steady-...` is the
same with a burst each 10 ms, for long runs on a machine that does other work. PART is `mix` (all
kinds) or `split` (those of the route in the rest of the path, and mark prices as the
exchange sends them). It begins when the client has sent its first message, as after a
subscription. Runs in its own process.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

from tests.benchmarks.child import end_with_parent, tell
from tests.benchmarks.measuring import now_us
from tests.benchmarks.payloads import PUBLIC, Frame, frames, mark_frames
from tests.benchmarks.server_frames import client_frame, switched

_PING, _PONG = 9, 10
_TICKS_S = {"pace": 0.001, "steady": 0.01}
_LATE_S = 0.05  # further behind than this the sender gives up what it has missed


def main(words: list[str]) -> None:
    update_id = int(words[0]) if words else 1
    made = frames(update_id=update_id)
    listener = socket.create_server(("127.0.0.1", 0))
    tell({"url": f"ws://127.0.0.1:{listener.getsockname()[1]}"})
    end_with_parent()
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_serve, args=(sock, made), daemon=True).start()


def _serve(sock: socket.socket, made: list[Frame]) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        target = _shake_hands(sock)
        if "/private" in target:
            _answer_pings(sock)
            return
        sock.recv(65536)  # the subscription
        plan, *numbers, part = target.split("/")[1].split("-")
        chosen = _of_route(made, target) if part == "split" else made
        if plan == "flood":
            _flood(sock, chosen, int(numbers[0]))
        else:
            share = len(chosen) / len(made)
            _pace(sock, chosen, float(numbers[0]) * share, float(numbers[1]), _TICKS_S[plan])
        sock.recv(4096)  # a goodbye, or the end
    except OSError:
        pass  # the client has seen enough
    finally:
        sock.close()


def _answer_pings(sock: socket.socket) -> None:
    """The account's stream: nothing happens there, and it lives."""
    waiting = b""
    while more := sock.recv(4096):
        waiting += more
        while (found := client_frame(waiting)) is not None:
            opcode, payload, waiting = found
            if opcode == _PING:
                sock.sendall(bytes([0x80 | _PONG, len(payload)]) + payload)


def _shake_hands(sock: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(4096)
        if not more:
            raise OSError("closed before it had asked")
        head += more
    text = head.decode("latin-1")
    sock.sendall(switched(text))
    return text.split(" ")[1]


def _of_route(made: list[Frame], target: str) -> list[Frame]:
    is_public = "/public" in target
    chosen = [frame for frame in made if (frame.kind in PUBLIC) is is_public]
    return chosen if is_public else [*chosen, *mark_frames()]


def _flood(sock: socket.socket, made: list[Frame], count: int) -> None:
    whole = b"".join(frame.data for frame in made)
    for _ in range(count // len(made)):
        sock.sendall(whole)
    sock.sendall(b"".join(frame.data for frame in made[: count % len(made)]))


def _pace(
    sock: socket.socket, made: list[Frame], rate: float, seconds: float, tick_s: float
) -> None:
    began = due = time.perf_counter()
    sent = at = 0
    while not seconds or due - began < seconds:
        due += tick_s
        left = due - time.perf_counter()
        if left > 0:
            time.sleep(left)
        elif left < -_LATE_S:
            began -= left
            due -= left
        wanted = int((due - began) * rate)
        if wanted == sent:
            continue
        stamp = str(now_us()).encode()
        burst = bytearray()
        for _ in range(wanted - sent):
            frame = made[at]
            frame.data[frame.time_at : frame.time_at + 16] = stamp
            burst += frame.data
            at = (at + 1) % len(made)
        sock.sendall(burst)
        sent = wanted


if __name__ == "__main__":
    main(sys.argv[1:])
