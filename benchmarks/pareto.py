"""The Pareto front: what no other choice beats in everything."""

from collections.abc import Sequence


def find_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of points that no other is at least as small as in both and smaller in one.

    Args:
        points: Two costs each, smaller being better; negate what should be large.

    Returns:
        Indices in order of the first cost.
    """
    front: list[int] = []
    best = float("inf")
    for index in sorted(range(len(points)), key=lambda i: points[i]):
        cost = points[index][1]
        # Equal points stand on the front together.
        if cost < best or (front and points[index] == points[front[-1]]):
            front.append(index)
            best = cost
    return front
