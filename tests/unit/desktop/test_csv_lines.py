"""CSV that a spreadsheet reads and does not run."""

from decimal import Decimal

from desktop.models.csv_lines import head_line, row_line
from desktop.models.table_model import Cell, Column

COLUMNS = [
    Column("Time", lambda row: Cell("x", sort=row), is_time=True),
    Column("Price", lambda _: Cell("1,234.50", sort=Decimal("1234.50")), numeric=True),
    Column("Rank", lambda _: Cell("3rd", sort=3)),
    Column("Said", lambda _: Cell('=HYPERLINK("x"), "y"')),
    Column("PnL", lambda _: Cell("-5%"), numeric=True),
    Column("Empty", lambda _: Cell("", sort=Decimal(0)), numeric=True),
    Column("act", lambda _: Cell("Cancel"), is_button=True),
]


def test_buttons_are_no_columns():
    assert head_line(COLUMNS) == "Time,Price,Rank,Said,PnL,Empty\r\n"


def test_values_are_exact_and_harmless():
    line = row_line(COLUMNS, 1_500)
    assert line == ('1970-01-01T00:00:01.500+00:00,1234.50,3,"\'=HYPERLINK(""x""), ""y""",-5%,\r\n')


def test_no_time_is_empty():
    assert row_line(COLUMNS[:1], 0) in ("\r\n", '""\r\n')
