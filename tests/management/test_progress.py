"""A bar on a terminal, plain lines elsewhere; a rate and a time left of the work itself."""

from io import StringIO

from exchange.management.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Work:
    """A work whose clock stands still until it is told."""

    def __init__(self, stream: StringIO) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self.stream = stream
        self.tell = Progress(self.lines.append, stream=stream, clock=lambda: self.now)

    def after(self, seconds: float, done: int, total: int = 10_000_000) -> None:
        self.now += seconds
        self.tell(done, total)


def pictures(work: Work) -> list[str]:
    return work.stream.getvalue().split("\r\x1b[K")


def test_terminal_sees_one_line_that_grows() -> None:
    work = Work(Terminal())

    work.after(1, 1_000_000)
    work.after(1, 1_100_000)
    work.after(10, 6_000_000)

    assert pictures(work) == [
        "",
        "███" + "░" * 27 + " 10 %  1,000,000 of 10,000,000 commands",
        "███" + "░" * 27 + " 11 %  1,100,000 of 10,000,000 commands, 100,000/s, 1:29 left",
        "█" * 18 + "░" * 12 + " 60 %  6,000,000 of 10,000,000 commands, 454,545/s, 0:09 left",
    ]
    assert work.lines == []


def test_terminal_is_not_drawn_on_more_often_than_eyes_can_follow() -> None:
    work = Work(Terminal())

    for done in range(128):
        work.after(1 / 64, done, 1_000_000)

    # Two seconds, and a tenth of one between two pictures: every seventh call.
    assert len(pictures(work)) == 1 + 18


def test_end_of_the_work_leaves_the_line_and_begins_a_new_one() -> None:
    work = Work(Terminal())
    work.after(1, 5, 10)

    work.after(0.01, 10, 10)
    work.tell.finish()

    assert pictures(work)[-1] == "█" * 30 + " 100 %  10 of 10 commands, 500/s, 0:00 left\n"


def test_work_that_is_cut_off_leaves_its_last_picture() -> None:
    work = Work(Terminal())
    work.after(1, 5, 10)

    work.tell.finish()

    assert work.stream.getvalue().endswith(" 50 %  5 of 10 commands\n")


def test_log_gets_a_line_every_five_seconds_and_no_picture() -> None:
    work = Work(StringIO())

    for second in range(1, 13):
        work.after(1, second * 100_000)

    assert work.stream.getvalue() == ""
    assert work.lines == [
        "5 %  500,000 of 10,000,000 commands, 100,000/s, 1:35 left",
        "10 %  1,000,000 of 10,000,000 commands, 100,000/s, 1:30 left",
    ]


def test_time_left_follows_a_work_that_slows_down() -> None:
    work = Work(StringIO())
    for second in range(1, 21):
        work.after(1, second * 200_000)

    for second in range(1, 31):
        work.after(1, 4_000_000 + second * 100_000)

    assert work.lines[-1] == "70 %  7,000,000 of 10,000,000 commands, 100,000/s, 0:30 left"


def test_work_without_an_end_in_sight_promises_none() -> None:
    work = Work(StringIO())

    work.after(6, 0, 0)
    work.after(6, 0, 0)

    assert work.lines == ["100 %  0 of 0 commands"] * 2
