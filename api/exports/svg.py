"""The flow diagram as SVG."""

from api.exports.diagram import Diagram
from api.exports.drawing import draw


def render(diagram: Diagram) -> bytes:
    """The picture, UTF-8."""
    return draw(diagram).encode()
