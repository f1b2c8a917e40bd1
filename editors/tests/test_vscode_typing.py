"""Ghost text in VS Code: shown, taken, refused, and typed through."""
import pytest
from editors.tests.vscode import Window

def test_try(vscode):
    with vscode("shop.py", 22, 1) as w:
        print(w.wait_for_status("ready|0.5"))
        w.go_to_text("return total * (1 - discount)\n")
        w.type("\n\ndef average_price(prices):\n")
        print(repr(w.wait_for_ghost()))
        w.screenshot("/tmp/w/p3.png")
        print(w.status(), w.messages())
        w.press("Tab")
        print(w.text()[-900:])
