"""The figures of `bench` as one HTML file that needs nothing else."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from qwen_lsp import __version__
from qwen_lsp.evaluation.bench_tables import Table


def page(found: list[Table], model: str) -> str:
    """Return the page; what stands in the tables is escaped."""
    environment = Environment(
        loader=PackageLoader("qwen_lsp.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("bench_page.html")
    return template.render(tables=found, model=model, version=__version__) + "\n"
