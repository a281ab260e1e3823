r"""Mathematics as MathML, made in Python: no JavaScript, no system program, no network.

Every browser of today draws MathML itself. The font is STIX Two Math, cut down to what formulas
need when the package ``ziamath``, which carries it, is installed; else the reader's own.

>>> to_mathml("x^2", block=False).count("<msup>")
1
"""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from neuroflow.errors import printable
from neuroflow.view.markup import escaped

logger = logging.getLogger(__name__)
FONT = "neuroflow-math.woff"
_LETTERS = re.compile(r'(?:<mi mathvariant="(normal|bold)">[^<]</mi>){2,}')
_APPLIED = re.compile(r"(<m[io]>(?:sin|cos|tan|tanh|ln|log|exp)</m[io]>)(<mi>|<mn>|<msub>)")
_NUMBER = re.compile(r"(&#x[0-9A-Fa-f]{1,6};)")
_NEVER = ("href", "src", "style", "class", "id", "actiontype")
_OPERATORS = "\u2061\u2062\u2063\u2064"
"""Function application, multiplication, separator, addition: marks of MathML that are not drawn."""
_FUNCTIONS = re.compile(r"<mo>([A-Za-z]{2,})</mo>")


def to_mathml(latex: str, *, block: bool) -> str:
    """A formula as a ``<math>`` element."""
    from latex2mathml.converter import convert_to_element

    latex = latex.strip().replace(r"\!", "")
    if block and (r"\\" in latex or "&" in latex) and r"\begin" not in latex:
        latex = rf"\begin{{split}} {latex} \end{{split}}"
    latex = latex.replace("{aligned}", "{split}")  # which latex2mathml has, and means the same
    text = _written(convert_to_element(latex, display="block" if block else "inline"))
    text = _LETTERS.sub(_joined, text)
    text = _APPLIED.sub(r'\1<mspace width="0.17em"/>\2', text)
    text = _FUNCTIONS.sub(
        r'<mi mathvariant="normal">\1</mi><mo>&#x2061;</mo><mspace width="0.12em"/>', text
    )
    return text.replace("&#x0005E;</mo></mover>", "&#x02C6;</mo></mover>")


def _written(element: Element) -> str:
    """An element as text: what a formula holds is a text in it, and never a tag, link or script."""
    attributes = "".join(
        f' {name}="{escaped(value)}"'
        for name, value in element.attrib.items()
        if name not in _NEVER and not name.startswith("on")
    )
    inside = _plain(element.text or "") + "".join(map(_written, element))
    return f"<{element.tag}{attributes}{f'>{inside}</{element.tag}>' if inside else ' />'}"


def _plain(text: str) -> str:
    """A text; latex2mathml writes characters by their number, and those that can be seen stay."""
    parts = _NUMBER.split(text)
    shown = [part if k % 2 and _is_seen(part) else escaped(part) for k, part in enumerate(parts)]
    return "".join(shown)


def _is_seen(number: str) -> bool:
    code = int(number[3:-1], 16)
    character = chr(code) if code <= sys.maxunicode else "\0"
    return printable(character) == character or character in _OPERATORS


def _joined(match: re.Match[str]) -> str:
    word = "".join(re.findall(r">([^<])<", match[0]))
    return f'<mi mathvariant="{match[1]}">{word}</mi>'


def render_inline(writer: Any, node: nodes.math) -> None:
    """Sphinx calls this for a formula in a line."""
    writer.body.append(_converted(node, block=False))
    raise nodes.SkipNode


def render_block(writer: Any, node: nodes.math_block) -> None:
    """Sphinx calls this for a formula on a line of its own; a label gives it a number."""
    if node.get("number"):
        writer.body.append(writer.starttag(node, "div", CLASS="nf-math numbered"))
        number = f'<span class="eqno">({get_node_equation_number(writer, node)})'
        writer.body.append(number)
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    else:
        writer.body.append(writer.starttag(node, "div", CLASS="nf-math"))
    writer.body.append(_converted(node, block=True))
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def _converted(node: nodes.Element, *, block: bool) -> str:
    latex = node.astext()
    try:
        return to_mathml(latex, block=block)
    except Exception as error:
        logger.warning("cannot convert the formula %r: %s", latex, error, location=node)
        return f"<code>{escaped(latex)}</code>"


def add_math_font(app: Sphinx) -> None:
    """Put the font and its style sheet beside the pages, if they are HTML."""
    if app.builder.format != "html" or app.config.html_math_renderer != "mathml":
        return
    folder = Path(app.doctreedir) / "neuroflow_math"
    folder.mkdir(parents=True, exist_ok=True)
    font = folder / FONT
    if not font.exists():
        _make_font(font)
    source = f'@font-face {{ font-family: "neuroflow math"; src: url("{FONT}"); }}\n'
    style = (source if font.exists() else "") + STYLE
    (folder / "neuroflow-math.css").write_text(style, encoding="utf-8")
    app.config.html_static_path.append(str(folder))
    app.add_css_file("neuroflow-math.css")


def _make_font(path: Path) -> None:
    """Write the part of STIX Two Math (SIL Open Font License) that formulas use."""
    spec = find_spec("ziamath")
    if spec is None or spec.origin is None or find_spec("fontTools") is None:
        logger.info("install ziamath and fonttools to give formulas the font STIX Two Math")
        return
    from fontTools import subset

    subset.log.setLevel("WARNING")
    whole = Path(spec.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    if not whole.exists():
        return
    options = subset.Options(flavor="woff", layout_features=["*"], notdef_outline=True)
    font = subset.load_font(str(whole), options)
    ranges = ((0x20, 0x24F), (0x2B0, 0x3FF), (0x2010, 0x23FF), (0x1D400, 0x1D7FF), (0x2A00, 0x2AFF))
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[c for low, high in ranges for c in range(low, high + 1)])
    cutter.subset(font)
    subset.save_font(font, str(path), options)
    font.close()


STYLE = """
math { font-family: "neuroflow math", "STIX Two Math", "Latin Modern Math", "Cambria Math", math; }
math { font-size: 1.06em; }
.nf-math { margin: 1em 0; padding: 0.2em 0; overflow-x: auto; overflow-y: hidden; }
.nf-math math { font-size: 1.15em; }
.nf-math.numbered { position: relative; padding-right: 3.5em; }
.nf-math .eqno { position: absolute; right: 0; top: 50%; transform: translateY(-50%); }
td math { math-style: normal; }
mtd { padding: 0.2em 0.35em; }
mtd[columnalign="right"] { padding-right: 0; }
mtd[columnalign="right"] + td math { math-style: normal; }
mtd { padding-left: 0.1em; }
mtd[columnalign="left"] { text-align: left; }
mtd[columnalign="right"] { text-align: right; }
"""
