"""What is captured belongs to the thread that printed it, and standard output comes back whole."""

import subprocess
import sys
import threading

from neuroflow.registry.capture import silenced


def run(code):
    """What a process of its own writes to standard output and to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout, done.stderr


def test_two_threads_that_capture_at_once_leave_standard_output_as_it_was():
    out, _ = run("""
import sys, threading
from neuroflow.registry.capture import silenced
before, barrier = sys.stdout, threading.Barrier(2)
entered, left = threading.Event(), threading.Event()
def first():
    with silenced():
        entered.set()
        barrier.wait()
    left.set()
def second():
    entered.wait()
    with silenced():
        barrier.wait()
        left.wait()
threads = [threading.Thread(target=first), threading.Thread(target=second)]
[t.start() for t in threads]; [t.join() for t in threads]
print("on the terminal again", sys.stdout is before, flush=True)
import os; os.write(1, b"and past Python too")
""")
    assert out == "on the terminal again True\nand past Python too"


def test_a_first_use_of_the_registry_by_two_threads_makes_it_once():
    out, _ = run("""
import sys, threading
import neuroflow as nf
from neuroflow.registry.manager import manager
before, barrier, found = sys.stdout, threading.Barrier(2), []
def use():
    barrier.wait()
    nf.get("op", "relu")
    found.append(manager())
threads = [threading.Thread(target=use) for _ in range(2)]
[t.start() for t in threads]; [t.join() for t in threads]
print(found[0] is found[1], sys.stdout is before)
""")
    assert out == "True True\n"


def test_what_other_threads_print_meanwhile_reaches_the_terminal():
    out, err = run("""
import os, threading
from neuroflow.registry.capture import silenced
def other():
    print("a result")
with silenced() as said:
    print("chatter")
    thread = threading.Thread(target=other)
    thread.start(); thread.join()
    os.write(1, b"past Python\\n")
print(sorted(said))
""")
    assert out == "a result\n['chatter\\n', 'past Python\\n']\n"
    assert sorted(err.split("\n")) == ["", "chatter", "past Python"]


def test_each_of_two_threads_gets_its_own_prints(capsys):
    barrier, said = threading.Barrier(2), {}

    def talk(word):
        with silenced() as heard:
            barrier.wait()
            print(word)
            barrier.wait()
        said[word] = heard

    threads = [threading.Thread(target=talk, args=(word,)) for word in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {"one": ["one\n"], "two": ["two\n"]}
    assert capsys.readouterr().out == ""


def test_captures_inside_captures_keep_to_themselves(capsys):
    with silenced() as outer:
        print("outer")
        with silenced() as inner:
            print("inner")
    assert (outer, inner) == (["outer\n"], ["inner\n"])
    assert capsys.readouterr().err == "inner\nouter\n"
