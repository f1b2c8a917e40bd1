"""A file whose review takes minutes: many functions, each with an example that does not hold."""

_FUNCTION = '''
def count_{n}(limit):
    """Return how many odd numbers there are below a limit.

    >>> count_{n}(1000)
    501
    """
    found = 0
    for number in range(limit):
        for _ in range(20):
            if number % 2 == 1 and number > {n}:
                found = found + 1
    return found
'''
LONG_FILE = "".join(_FUNCTION.format(n=n) for n in range(200))
