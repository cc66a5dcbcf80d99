import { expect, it } from 'vitest'
import { htmlText } from './html-text.ts'

it.each([
  ['plain', 'plain'],
  ['Hel<b>lo</b> <a href="x">there</a>', 'Hello there'],
  ['<p>one</p><p>two</p>', ' one  two '],
  ['one<br>two<br/>three', 'one two three'],
  ['<STYLE type=x>p { a: b > c }</Style>text', '  text'],
  ['<script>if (a < b) "</scr" + "ipt>"</script>text', '  text'],
  ['<title>not shown</title>text', '  text'],
  ['<style>never ends', ' '],
  ['a<!-- <b> -- > -->b', 'ab'],
  ['a<!--never ends', 'a'],
  ['<!DOCTYPE html><?xml x?>a', 'a'],
  ['<a title="1 > 0">a</a>', 'a'],
  ["<a title='\">'>a</a>", 'a'],
  ["<p it's>a</p>", ' a '],
  ['<p title="never ends>a', ' '],
  ['1 < 2 <3 a<', '1 < 2 <3 a<'],
  ['<p', ' '],
  ['&lt;b&gt; &amp;amp; &quot;&#228;&#xE4;&auml;&Auml;&nbsp;&hellip;', '<b> &amp; "äääÄ\xa0…'],
  ['&unknown; &amp &#0; &#xD800; &#1114112; & &;', '&unknown; & \ufffd \ufffd \ufffd & &;'],
  ['', ''],
])('%j shows %j', (html, text) => {
  expect(htmlText(html)).toBe(text)
})

it.each(['<', '<!--', '<style>', '<style></style>', '&', '<a b="', "<a b='x'>", '</style', '<p>', '&amp;'])(
  'answers for a flood of %j',
  (piece) => {
    expect(htmlText(piece.repeat(100_000)).length).toBeLessThanOrEqual(1_000_000)
  },
)
