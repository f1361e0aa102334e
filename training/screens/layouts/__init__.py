"""The layouts of screens; those held out are drawn for the benchmark alone, never to train on."""

from ..scene import Layout
from .article import article
from .board import board
from .calendar import calendar
from .chart import chart
from .chat import chat
from .dashboard import dashboard
from .document import document
from .editor import editor
from .files import files
from .mail import mail
from .map import street_map
from .paper import paper
from .review import review
from .settings import settings
from .slides import slides
from .spreadsheet import spreadsheet
from .terminal import terminal

LAYOUTS: dict[str, Layout] = {
    "slides": slides,
    "document": document,
    "spreadsheet": spreadsheet,
    "editor": editor,
    "terminal": terminal,
    "article": article,
    "dashboard": dashboard,
    "chat": chat,
    "map": street_map,
    "chart": chart,
    "mail": mail,
    "files": files,
    "calendar": calendar,
}
HELD_OUT: dict[str, Layout] = {"paper": paper, "board": board, "review": review, "settings": settings}
