"""One person's browser in Roundcube: reads a mail, opens an answer, goes to a place in it, types and sends.

The places are found by script, as a click would set the caret; all that is written or deleted is done by keys.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.journeys.browser import Browser

EDITORS = ("html", "text", "plain")
"""TinyMCE; the text editor, whose quote Roundcube makes from our HTML; the same, where our own text is quoted."""
_DELETE = "\ue017"
_CLICK = """
const links = document.querySelectorAll('#messagebody a');
[...links].find(link => link.textContent.startsWith(arguments[0])).click();
document.querySelector('#mailto-menu a.compose').click();
"""
_TEXT_CARET = """
const box = document.querySelector('#composebody'), at = box.value.indexOf(arguments[0]);
if (at < 0) throw new Error('not in the quote: ' + arguments[0]);
const end = (box.value + '\\n').indexOf('\\n', at);
box.focus(); box.setSelectionRange(end, end);
"""
_HTML_CARET = """
const editor = rcmail.editor.editor, page = editor.getDoc();
const texts = page.createTreeWalker(editor.getBody(), NodeFilter.SHOW_TEXT);
while (texts.nextNode() && !texts.currentNode.data.replace(/\\u00a0/g, ' ').includes(arguments[0]));
const node = texts.currentNode;
if (!node.data) throw new Error('not in the quote: ' + arguments[0]);
editor.focus(); editor.selection.setCursorLocation(node, node.data.trimEnd().length);
"""
_HTML_END = """
const editor = rcmail.editor.editor, below = editor.getDoc().querySelector('body > p:last-of-type');
editor.focus(); editor.selection.setCursorLocation(below, 0);
"""
_TEXT_SELECTION = """
const box = document.querySelector('#composebody'), at = box.value.indexOf(arguments[0]);
const begin = box.value.indexOf('\\n> ') + 3, end = at + arguments[0].length;
box.focus();
box.setSelectionRange(...(arguments[1] ? [end, box.value.trimEnd().length] : [begin, at]));
"""
_HTML_SELECTION = """
const editor = rcmail.editor.editor, page = editor.getDoc(), range = page.createRange();
const texts = page.createTreeWalker(editor.getBody(), NodeFilter.SHOW_TEXT);
while (texts.nextNode() && !texts.currentNode.data.includes(arguments[0]));
const node = texts.currentNode, at = node.data.indexOf(arguments[0]), quote = page.querySelector('blockquote');
range.selectNodeContents(quote);
if (arguments[1]) range.setStart(node, at + arguments[0].length); else range.setEnd(node, at);
editor.focus(); editor.selection.setRng(range);
"""


@dataclass
class Window:
    """A browser that is open on the webmail at `page`."""

    browser: Browser
    page: str
    editor: str = ""

    def log_in(self, who: str, secret: str) -> None:
        """Fills the form."""
        self.browser.open(self.page)
        self.browser.run(
            "document.querySelector('#rcmloginuser').value = arguments[0];"
            "document.querySelector('#rcmloginpwd').value = arguments[1];"
            "document.querySelector('#rcmloginsubmit').click()",
            who,
            secret,
        )
        self.browser.wait("window.rcmail && rcmail.env.task == 'mail'")

    def read(self, uid: int) -> None:
        """Opens a mail."""
        self.browser.open(f"{self.page}?_task=mail&_mbox=INBOX&_uid={uid}&_action=show")
        self.browser.wait("document.querySelector('#messagebody')")

    def answer(self, uid: int, editor: str, *, top: bool = False) -> None:
        """Opens the answer to a mail in one of EDITORS; the caret is where Roundcube sets it.

        `top` is its setting to answer above the quote. Without that setting its HTML editor begins before the
        attribution, on the same line.
        """
        self.editor = editor
        self.browser.run(f"document.cookie = 'editor={editor}'; document.cookie = 'caret={int(top)}'")
        self.browser.open(f"{self.page}?_task=mail&_mbox=INBOX&_reply_uid={uid}&_action=compose")
        # Roundcube itself sets the caret, some time after the editor is there.
        ready = "&& rcmail.editor.editor && rcmail.env.identities_initialized" if editor == "html" else ""
        self.browser.wait(f"window.rcmail && rcmail.env.action == 'compose' && rcmail.editor {ready}")

    def choose(self, uid: int, link: str) -> None:
        """Clicks a link to write to in a mail, by the first of its words, and takes the mail that it begins.

        Roundcube asks in a menu whether to write or to keep the address.
        """
        self.read(uid)
        self.browser.run(_CLICK, link)
        self.browser.wait("window.rcmail && rcmail.env.action == 'compose' && rcmail.editor")

    def go_after(self, words: str) -> None:
        """Sets the caret at the end of the line, or of the HTML element, that has these words."""
        self.browser.run(_HTML_CARET if self.editor == "html" else _TEXT_CARET, words)

    def go_below(self) -> None:
        """Sets the caret behind all there is."""
        if self.editor == "html":
            self.browser.run(_HTML_END)
        else:
            self.browser.run("const b = document.querySelector('#composebody'); b.selectionStart = b.value.length")

    def keep_only(self, words: str) -> None:
        """Deletes all of the quote but these words of one line."""
        for behind in (True, False):
            self.browser.run(_HTML_SELECTION if self.editor == "html" else _TEXT_SELECTION, words, behind)
            self.browser.press(_DELETE)

    def type(self, words: str) -> None:
        """Types where the caret is; a line end is Enter."""
        self.browser.run("rcmail.editor.focus()")
        self.browser.press(words)

    def leave_quote(self) -> None:
        """Presses the button of the HTML editor that takes a paragraph out of the quote, which is split by that."""
        self.browser.run("rcmail.editor.editor.execCommand('mceBlockQuote')")

    def send(self) -> None:
        """Presses the button."""
        self.browser.run("document.querySelector('button.send').click()")
        self.browser.wait("window.rcmail && rcmail.env.action != 'compose'")
