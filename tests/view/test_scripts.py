"""The page's scripts put everything where Python does: the same graphs in, the same places out."""

import json
import random
import re
import shutil
import subprocess

import pytest

import neuroflow as nf
from neuroflow.view.graph import first_open, graph_of
from neuroflow.view.graph_data import to_data
from neuroflow.view.layout import layered
from neuroflow.view.page import page
from neuroflow.view.scene import scene_of, short

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

PLACES = """
open = new Set([0, ...D.open]);
for (const way of [false, true]) {
  down = way;
  const { items, containers, edges, root } = arrange();
  const place = (one) => [one.x, one.y, one.w, one.h];
  said.push({
    size: [root.w, root.h], items: items.map(place), frames: containers.map(place),
    lines: edges.map((edge) => [...edge.points.flat(), edge.count]).sort(),
  });
}
"""


def run(data, script, given=None):
    """What ``script`` says after the scripts of a page up to its scene; no picture is drawn."""
    source = re.findall(r"<script>\n(.*?)</script>", page(data, ""), re.S)[0]
    source = source[: source.index("// The scene as elements of the picture.")]
    text = json.dumps(json.dumps(data))
    document = f"const document = {{ getElementById: () => ({{ textContent: {text} }}) }};"
    whole = f"{document}\n{source}\nconst said = [], given = {json.dumps(given)};\n{script}"
    whole += "\nconsole.log(JSON.stringify(said));"
    done = subprocess.run(["node", "-"], input=whole, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def small():
    return to_data(graph_of(nf.Value(2.0, "a") * 3.0))


def cases():
    """Sizes and edges of every kind: chains, cycles, long edges, none, many layers."""
    for seed in range(60):
        rng = random.Random(seed)
        n = rng.randint(0, 14)
        sizes = [(rng.randint(20, 300), rng.randint(20, 300)) for _ in range(n)]
        pairs = [(rng.randrange(n), rng.randrange(n)) for _ in range(rng.randint(0, 3 * n))]
        yield sizes, [edge for edge in dict.fromkeys(pairs) if edge[0] != edge[1]], seed % 3 == 0


def test_the_layout_of_the_page_is_that_of_python(small):
    given = list(cases())
    script = "for (const [sizes, edges, way] of given) said.push(layered(sizes, edges, way));"
    for (sizes, edges, down), said in zip(given, run(small, script, given), strict=True):
        layout = layered(sizes, edges, down)
        assert said["at"] == [pytest.approx(at) for at in layout.at]
        assert (said["width"], said["height"]) == pytest.approx((layout.width, layout.height))
        if edges:
            assert said["back"] == [edge in layout.back for edge in edges]
            assert said["through"] == [
                [pytest.approx(point) for point in layout.through[edge]] for edge in edges
            ]


def losses():
    model = nf.build("mlp", sizes=[2, 3, 2, 1], activation="tanh", rng=nf.SplitMix32(0))
    a, b = nf.Value(2.0, "a"), nf.Value(-3.0, "b")
    small = (a * b + 2.0) / (a - b) + nf.log(a) * a
    yield small, None
    yield nf.mean([(model([k / 8, -1.0]) - k % 2) ** 2 for k in range(8)]), model
    yield nf.build("gpt", vocab_size=5, n_embd=4, n_head=2, block_size=4)([4, 0])[1][2], None


@pytest.mark.parametrize("number", range(3))
def test_the_scene_of_the_page_is_that_of_python(number):
    value, model = list(losses())[number]
    graph = graph_of(value, model)
    said = run(to_data(graph), PLACES)
    for down, places in zip((False, True), said, strict=True):
        scene = scene_of(graph, first_open(graph), down)
        item = [[one.x, one.y, one.width, one.height] for one in scene.items]
        frames = [[one.x, one.y, one.width, one.height] for one in scene.frames]
        lines = [[*(x for point in line.points for x in point), line.count] for line in scene.lines]
        assert places["size"] == pytest.approx([scene.root.width, scene.root.height])
        assert places["items"] == [pytest.approx(place) for place in item]
        assert places["frames"] == [pytest.approx(place) for place in frames]
        assert sorted(places["lines"]) == [pytest.approx(line) for line in sorted(lines)]


def test_numbers_read_the_same(small):
    numbers = [0.0, 1.0, -2.5, 12345.678, 1e-4, 2e-5, 9.99995e-5, -1e-7, 1e21, 123.456, 0.00012345]
    given = [x for x in numbers for _ in range(2)]
    script = "given.forEach((x, k) => said.push(digits(x, k % 2 ? 2 : 4)));"
    expected = [short(x, 2 if k % 2 else 4) for k, x in enumerate(given)]
    assert run(small, script, given) == expected
    assert run(small, "said.push(digits(NaN), digits(-Infinity), digits('nan'));") == [
        short(float("nan")), short(float("-inf")), "nan",
    ]  # fmt: skip
