"""No broken plugin takes the host down: it is reported once, and all else still works."""

from __future__ import annotations

import io
import json
import threading

import pytest

import neuroflow as nf
from neuroflow.cli.shared.streams import clean_streams
from tests.support.distributions import Site

OP = '''
import neuroflow as nf

@nf.op(formula="x + 1")
def {name}(x):
    """One more."""
    return x + 1.0

'''
HOOK = """
@nf.hookimpl
def neuroflow_ops():
    return [{name}]
"""

REPORT = """
import json
from neuroflow.registry.manager import manager
from neuroflow.registry.entries import KINDS
from neuroflow.registry.manners import GUARDED
before = [thing.read() for thing in GUARDED]
m = manager()
after = [thing.read() for thing in GUARDED]
print(json.dumps({
    "plugins": [[str(p.provider), p.failure, p.warnings] for p in m.plugins],
    "listings": {kind: [e.id for e in m.registry.entries(kind)] for kind in KINDS},
    "changed": [g.name for g, a, b in zip(GUARDED, before, after) if a != b],
    "loaded": sum(callable(e.load()) for e in m.registry if e.namespace == "neuroflow"),
}))
"""

BROKEN = {
    "import error": ("raise RuntimeError('no licence')", "RuntimeError while loading: no licence"),
    "syntax error": ("def (", "SyntaxError while loading"),
    "exit at import": ("raise SystemExit(3)", "SystemExit while loading: 3"),
    "missing dependency": (
        "import nosuchpackage",
        "ModuleNotFoundError while loading: No module named 'nosuchpackage'",
    ),
    "error inside a hook": (
        "import neuroflow as nf\n@nf.hookimpl\ndef neuroflow_ops():\n    return 1 / 0\n",
        "ZeroDivisionError while loading",
    ),
    "error inside a generator": (
        OP.format(name="late")
        + "@nf.hookimpl\ndef neuroflow_ops():\n    yield late\n    raise KeyError('second')\n",
        "KeyError while loading: 'second'",
    ),
    "wrong return type": (
        "import neuroflow as nf\n@nf.hookimpl\ndef neuroflow_ops():\n    return ['relu']\n",
        "InputError while loading: neuroflow_ops gave 'relu' of type str; expected OpEntry",
    ),
    "nothing returned": (
        "import neuroflow as nf\n@nf.hookimpl\ndef neuroflow_losses():\n    pass\n",
        "TypeError while loading",
    ),
    "wrong arguments": (
        "import neuroflow as nf\n@nf.hookimpl\ndef neuroflow_ops(registry):\n    return []\n",
        "PluginValidationError while loading",
    ),
    "an interrupt of its own": ("raise KeyboardInterrupt", "KeyboardInterrupt while loading"),
    "an exit of generators": ("raise GeneratorExit", "GeneratorExit while loading"),
    "an exception of no kind": (
        "class Odd(BaseException):\n    pass\nraise Odd('no')",
        "Odd while loading: no",
    ),
    "a message that cannot be read": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
        "Odd while loading: (and its message cannot be read: ValueError)",
    ),
    "a message without end": (
        "raise ValueError('x' * 10**6)",
        "xxx ... (1,000,000 letters)",
    ),
    "hooks of no version": (
        "neuroflow_hook_version = 'x'\n",
        "its neuroflow_hook_version is 'x'; expected a whole number",
    ),
    "newer hooks": (
        "neuroflow_hook_version = 99\n",
        "PluginError while loading: it was written for version 99 of the hooks",
    ),
}
SUSPICIOUS = {
    "unknown hook": (
        OP.format(name="odd")
        + HOOK.format(name="odd")
        + "@nf.hookimpl\ndef neuroflow_opps():\n    return []\n",
        "neuroflow_opps is no hook and is never called",
    ),
    "undecorated hook": ("def neuroflow_ops():\n    return []\n", "lacks the decorator"),
    "registers nothing": ("x = 1\n", "it registers nothing"),
    "prints at import": (
        "print('hello')\n" + OP.format(name="loud") + HOOK.format(name="loud"),
        "it prints while it is loaded; a plugin should be silent",
    ),
    "a thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(9,), name='late', daemon=True).start()\n"
        + OP.format(name="busy")
        + HOOK.format(name="busy"),
        "it starts the thread 'late' while it is loaded",
    ),
    "closes standard output": (
        "import sys; sys.stdout.close()\n" + OP.format(name="shut") + HOOK.format(name="shut"),
        "",
    ),
    "slow import": (
        "import time\nbegun = time.process_time()\nwhile time.process_time() < begun + 1.05:\n"
        "    pass\n" + OP.format(name="slow") + HOOK.format(name="slow"),
        "s to load; give heavy targets as 'module:attribute'",
    ),
}
RUDE = {
    "the current folder": "import os; os.chdir('/')",
    "the umask": "import os; os.umask(0)",
    "the locale": "import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
    "signal handlers": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "the alarm clock": "import signal; signal.alarm(1)",
    "the filters of warnings": "import warnings; warnings.simplefilter('ignore')",
    "the random state": "import random; random.seed(5)",
    "the functions of random": "import random; random.random = lambda: 0.5",
    "the precision of decimal": "import decimal; decimal.getcontext().prec = 3",
    "the errors of numpy": "import numpy; numpy.seterr(all='raise')",
    "the recursion limit": "import sys; sys.setrecursionlimit(300)",
    "garbage collection": "import gc; gc.disable()",
    "sys.excepthook": "import sys; sys.excepthook = print",
    "standard streams": "import io, sys; sys.stdout = io.StringIO()",
}


def bundled():
    return {e.id for e in nf.find("*") if e.namespace == "neuroflow"}


def report_of(run, site):
    code, out, err = run("-c", REPORT, env=site.environment)
    assert code == 0, err
    return json.loads(out), err


def everything_else_works(report):
    entries = [e for ids in report["listings"].values() for e in ids]
    assert {e for e in entries if e.startswith("neuroflow/")} == bundled()
    assert report["loaded"] > 50


@pytest.fixture(scope="module")
def report(run_of_module, tmp_path_factory):
    """What one process says in which all of these plugins are installed, beside the bundled."""
    site = Site(tmp_path_factory.mktemp("broken") / "site")
    sources = [source for source, _ in (BROKEN | SUSPICIOUS).values()]
    sources += [source + "\n" + OP.format(name=f"rude_{k}") + HOOK.format(name=f"rude_{k}")
                for k, source in enumerate(RUDE.values())]  # fmt: skip
    for case, source in zip([*BROKEN, *SUSPICIOUS, *RUDE], sources, strict=True):
        name = module_of(case)
        site.add(name.replace("_", "-"), name, source)
    code, out, err = run_of_module("-c", REPORT, env={**site.environment, "LC_ALL": "C"})
    assert code == 0, err
    return json.loads(out)


def module_of(case):
    return "acme_" + case.replace(" ", "_").replace(".", "_")


def row_of(report, case):
    (row,) = [row for row in report["plugins"] if f"'{module_of(case)}'" in row[0]]
    return row


def test_what_works_is_there_beside_all_that_is_broken(report):
    everything_else_works(report)


@pytest.mark.parametrize("case", BROKEN)
def test_broken_plugin_is_skipped_and_reported_once(report, case):
    name, failure, _ = row_of(report, case)
    assert name == f"plugin '{module_of(case)}' of {module_of(case).replace('_', '-')} 1.2"
    assert BROKEN[case][1] in failure
    entries = [e for ids in report["listings"].values() for e in ids]
    assert not any(e.startswith(f"{module_of(case)}/") for e in entries)


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_suspicious_plugin_works_with_a_warning(report, case):
    _, failure, warnings = row_of(report, case)
    assert failure == ""
    assert sum(SUSPICIOUS[case][1] in text for text in warnings or [""]) == 1


@pytest.mark.parametrize("case", RUDE)
def test_what_a_plugin_changes_in_the_process_is_put_back_and_told(report, case):
    _, failure, warnings = row_of(report, case)
    assert failure == ""
    assert f"it changes {case} while it is loaded; that was put back" in warnings


def test_nothing_stays_changed(report):
    assert report["changed"] == []


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", "plugins"),
        (
            "import os, signal\nimport neuroflow as nf\n@nf.hookimpl\n"
            "def neuroflow_commands(cli):\n    os.kill(os.getpid(), signal.SIGINT)\n",
            "--help",
        ),
    ],
    ids=["at import", "in a hook for commands"],
)
def test_ctrl_c_while_plugins_are_loaded_stops_the_command(run, site, source, command):
    site.add("acme-long", "acme_long", source)
    script = "from neuroflow.cli import main; main()"
    code, out, err = run("-c", script, command, env=site.environment)
    assert (code, out) == (130, "")
    assert err.strip() == "Error: stopped"


def test_a_distribution_that_cannot_be_read_stops_nothing_and_is_named(run, site):
    site.add("acme-good", "acme_good", OP.format(name="good") + HOOK.format(name="good"))
    unrelated = site.folder / "unrelated-1.0.dist-info"
    unrelated.mkdir()
    (unrelated / "METADATA").write_text("Metadata-Version: 2.1\nName: unrelated\nVersion: 1.0\n")
    (unrelated / "entry_points.txt").write_text("[console_scripts]\nfoo bar\n")
    report, _ = report_of(run, site)
    assert "acme_good/good@1" in report["listings"]["op"]
    everything_else_works(report)
    script = "from neuroflow.cli import main; main()"
    code, out, _ = run("-c", script, "doctor", "--json", env=site.environment)
    (problem,) = [p for p in json.loads(out)["problems"] if "unrelated" in p["subject"]]
    assert code == 0
    assert "its metadata cannot be read" in problem["problem"]
    assert "install it again" in problem["remedy"]


def test_what_a_plugin_writes_stays_off_standard_output(run, site):
    site.add("acme-loud", "acme_loud", SUSPICIOUS["prints at import"][0], entry="loud")
    code, out, err = run("-c", "from neuroflow.cli import main; main()", "plugins", "--json",
                         env=site.environment)  # fmt: skip
    assert code == 0
    assert "loud" in {plugin["plugin"] for plugin in json.loads(out)["plugins"]}
    assert "hello" in err


def test_what_a_plugins_thread_prints_once_it_is_loaded_is_no_result(monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    with clean_streams():
        thread = threading.Thread(target=print, args=("chatter",))
        thread.neuroflow_plugin = "acme"  # as when it was started while that was loaded
        thread.start()
        thread.join()
        print("a result")
    assert (out.getvalue(), err.getvalue()) == ("a result\n", "chatter\n")


def test_what_a_plugins_thread_prints_while_it_is_loaded_is_no_result(run, site):
    source = (
        "import threading\n"
        "thread = threading.Thread(target=print, args=('chatter',))\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    site.add("acme-thread", "acme_thread", source, entry="thread")
    code, out, err = run("-c", "from neuroflow.cli import main; main()", "list", "losses", "--json",
                         env=site.environment)  # fmt: skip
    assert code == 0
    assert json.loads(out)["kind"] == "loss"
    assert err.count("chatter") == 1


def test_plugin_that_writes_files_at_import_breaks_nothing(run, site):
    path = site.folder / "left_behind.txt"
    source = f"open({str(path)!r}, 'w').close()\n" + OP.format(name="w") + HOOK.format(name="w")
    site.add("acme-writer", "acme_writer", source)
    report, _ = report_of(run, site)
    assert "acme_writer/w@1" in report["listings"]["op"]
    everything_else_works(report)


def test_same_entry_point_of_two_distributions(run, site):
    for name in ("one", "two"):
        source = OP.format(name=name) + HOOK.format(name=name)
        site.add(f"acme-{name}", f"acme_{name}", source, entry="same")
    report, _ = report_of(run, site)
    assert "same/one@1" in report["listings"]["op"]
    (row,) = [row for row in report["plugins"] if row[1]]
    assert row[0] == "plugin 'same' of acme-two 1.2"
    assert "the entry point 'same' is also offered by acme-one, which is used" in row[1]
    everything_else_works(report)


def test_distribution_installed_twice_is_loaded_once(run, site):
    source = OP.format(name="twice") + HOOK.format(name="twice")
    site.add("acme-twice", "acme_twice", source, version="1.2")
    site.add("acme-twice", "acme_twice", source, version="1.1", metadata_only=True)
    report, _ = report_of(run, site)
    assert [row[0] for row in report["plugins"] if "acme_twice" in row[0]] in (
        [["plugin 'acme_twice' of acme-twice 1.1"], ["plugin 'acme_twice' of acme-twice 1.2"]]
    )
    assert report["listings"]["op"].count("acme_twice/twice@1") == 1
    everything_else_works(report)


def test_distribution_with_damaged_metadata(run, site):
    source = OP.format(name="lost") + HOOK.format(name="lost")
    site.add("acme-lost", "acme_lost", source)
    (site.folder / "acme_lost-1.2.dist-info" / "METADATA").unlink()
    report, _ = report_of(run, site)
    assert ["plugin 'acme_lost' of unknown 0", "", []] in report["plugins"]
    everything_else_works(report)


def test_same_name_of_two_plugins_is_ambiguous_and_both_work(run, site):
    for name in ("left", "right"):
        site.add(f"acme-{name}", name, OP.format(name="shared") + HOOK.format(name="shared"))
    script = (
        "import neuroflow as nf\n"
        "print(nf.get('op', 'left/shared').id, nf.get('op', 'right/shared').id)\n"
        "try: nf.get('op', 'shared')\nexcept nf.RegistryError as e: print(e)"
    )
    code, out, err = run("-c", script, env=site.environment)
    assert code == 0, err
    assert out.startswith("left/shared@1 right/shared@1\n")
    assert "left/shared (plugin 'left' of acme-left 1.2) or right/shared (plugin 'right'" in out


def test_no_plugin_changes_what_a_bundled_name_means(run, site):
    site.add("acme-relu", "acme", OP.format(name="relu") + HOOK.format(name="relu"))
    script = "import neuroflow as nf; print(nf.Value(-3.0).relu().data, nf.get('op', 'relu').id)"
    assert run("-c", script, env=site.environment)[1] == "0.0 neuroflow/relu@1\n"


def test_unknown_name_mentions_the_plugin_that_failed(run, site):
    site.add("acme-broken", "acme_broken", BROKEN["missing dependency"][0], entry="broken")
    script = (
        "import neuroflow as nf\n"
        "try: nf.get('activation', 'swishy')\nexcept nf.RegistryError as e: print(e)"
    )
    out = run("-c", script, env=site.environment)[1]
    assert "plugins that failed to load: plugin 'broken' of acme-broken 1.2" in out


def test_strict_plugins_make_a_failure_fatal(run, site):
    site.add("acme-broken", "acme_broken", BROKEN["import error"][0], entry="broken")
    environment = {**site.environment, "NEUROFLOW_STRICT_PLUGINS": "1"}
    code, _, err = run("-c", "import neuroflow as nf; nf.names('op')", env=environment)
    assert code == 1
    assert "plugin 'broken' of acme-broken 1.2 failed: RuntimeError while loading" in err


def test_disabled_plugin_is_not_imported(run, site):
    site.add("acme-broken", "acme_broken", BROKEN["exit at import"][0], entry="broken")
    environment = {**site.environment, "NEUROFLOW_DISABLE_PLUGINS": "broken"}
    code, out, _ = run("-c", REPORT, env=environment)
    assert code == 0
    assert "broken" not in out


def test_doctor_explains(run, site):
    site.add("acme-broken", "acme_broken", BROKEN["missing dependency"][0], entry="broken")
    site.add("acme-odd", "acme_odd", SUSPICIOUS["unknown hook"][0], entry="odd")
    code, out, err = run("-c", "from neuroflow.cli import main; main()", "doctor",
                         env=site.environment)  # fmt: skip
    text = " ".join((out + err).split())
    assert code in (0, 1)
    for words in ("broken", "acme-broken", "1.2", "nosuchpackage", "neuroflow_opps is no hook"):
        assert words in text, text


def test_check_of_a_broken_plugin_says_what_broke(run, site):
    site.add("acme-broken", "acme_broken", BROKEN["error inside a hook"][0], entry="broken")
    code, out, err = run("-c", "from neuroflow.cli import main; main()", "check", "broken",
                         env=site.environment)  # fmt: skip
    assert code == 1, err
    assert "plugin 'broken' of acme-broken 1.2 is skipped: ZeroDivisionError" in out
