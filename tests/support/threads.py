"""Several threads at once, that start together, are waited for, and hand back what they found."""

import threading

import pytest


@pytest.fixture
def together():
    """``together(f, g, ...)``: each called in a thread of its own, at the same time.

    Gives what they returned, in order; what one of them raised is raised here.
    """

    def run(*calls):
        barrier = threading.Barrier(len(calls))
        answers, errors = [None] * len(calls), []

        def work(k):
            try:
                barrier.wait(timeout=60)
                answers[k] = calls[k]()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return answers

    return run
