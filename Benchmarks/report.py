"""The tables, in Markdown, a row as soon as it is known."""

from measure import median

HEADINGS = ["what", "per second", "spread", "ratio", "p50 / p99 ms", "CPU µs", "database CPU µs", "SQL statements", "that write", "commits", "syncs", "bytes written"]


def say(*lines):
    for line in lines:
        print(line, flush=True)


def begin():
    table(*HEADINGS)


def table(*headings):
    say("", "| " + " | ".join(headings) + " |", "|---" + "|---:" * (len(headings) - 1) + "|")


def row(title, rounds, against=None):
    """`against`: the rounds that took turns with these."""
    database = median(rounds, "database_processor")
    line(title, rounds, quotient(rounds, against, "rate") if against else "–", f"{database:.0f}" if database else "–",
         *(figure(median(rounds, name)) for name in ["statements", "writing", "commits", "syncs"]), f"{median(rounds, 'written'):,.0f}")


def against_row(title, rounds):
    """What the row above is compared with."""
    line(f"against: {title}", rounds, "1.00", *["–"] * 6)


def peer_row(title, rounds, against, product):
    """What another program takes for the part of the product's work that it does too, and how much of that processor time the product takes."""
    share = quotient(product, rounds, "processor")
    line(f"peer: {title}; the product takes {share} of its processor time", rounds, quotient(rounds, against, "rate"), *["–"] * 6)


def quotient(rounds, others, name):
    return f"{median(rounds, name) / median(others, name):.2f}"


def line(title, rounds, ratio, *costs):
    rates = [one.rate for one in rounds]
    middle = median(rounds, "rate")
    say("| " + " | ".join([
        title, f"{middle:,.0f}", f"±{(max(rates) - min(rates)) / middle * 50:.0f} %", ratio, f"{median(rounds, 'p50'):.1f} / {median(rounds, 'p99'):.1f}",
        f"{median(rounds, 'processor'):.0f}", *costs]) + " |")


def figure(value):
    return f"{value:.1f}" if value >= 9.95 else f"{value:.3f}" if value < 0.0995 else f"{value:.2f}"
