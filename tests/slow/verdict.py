"""Whether slow sockets cost honest callers too much: pure arithmetic over what was measured."""
import statistics

MOST = 2.0  # the p99 beside slow sockets, as a multiple of the p99 without them


def p99(took):
    """Of seconds, in milliseconds."""
    return sorted(took)[int(len(took) * 0.99)] * 1000


def ratios(without, with_):
    """One for each phase with slow sockets: against the mean of the phases without them, before and after it."""
    if len(without) != len(with_) + 1 or not with_:
        raise ValueError("phases alternate, and begin and end without slow sockets")
    return [each / ((before + after) / 2) for before, each, after in zip(without, with_, without[1:])]


def quartiles(values):
    """(median, lower, upper)."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return middle, lower, upper


def too_much(values):
    """The median decides: what else a machine does in one phase or two must not."""
    return statistics.median(values) > MOST


def can_fail():
    """Raises unless the judgement is what it must be for figures that were made up."""
    steady = [2.0] * 6
    for with_, wanted in (([3.9] * 5, False), ([4.1] * 5, True), ([90.0, 90.0, 2.0, 2.0, 2.0], False), ([90.0, 90.0, 90.0, 2.0, 2.0], True)):
        if too_much(ratios(steady, with_)) != wanted:
            raise RuntimeError(f"the judgement of {with_} beside {steady} is wrong")
    drift = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]  # a machine that gets slower and slower: no fault of the sockets
    if too_much(ratios(drift, [1.5, 3.0, 6.0, 12.0, 24.0])):
        raise RuntimeError("a drift of the machine counts as a cost of the sockets")
    if p99([0.001] * 98 + [0.002, 0.003]) != 3.0:
        raise RuntimeError("p99 is not the value that one in a hundred reaches")
