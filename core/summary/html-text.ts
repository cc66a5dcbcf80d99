import { decodeCharacterReferences } from './character-reference.ts'

// Elements whose content is not shown, with what ends them.
const hidden: ReadonlyMap<string, RegExp> = new Map(
  ['script', 'style', 'title'].map((name) => [name, new RegExp(`</${name}`, 'gi')]),
)
// Elements that may stand within a word; all others part words.
const inWord: ReadonlySet<string> = new Set(
  'a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
)
const tagName = /<\/?([a-zA-Z][a-zA-Z0-9]*)/y
const declaration = /<[!?]/y

/**
 * The text that HTML shows, roughly: tags and comments dropped, references decoded, white space as it stands. For
 * reading at a glance, not for showing as HTML: what comes out may look like markup. Linear in time, whatever the text.
 */
export function htmlText(html: string): string {
  let text = ''
  let at = 0
  for (let open = html.indexOf('<'); open !== -1; open = html.indexOf('<', at)) {
    text += html.slice(at, open)
    tagName.lastIndex = open
    const name = tagName.exec(html)?.[1]?.toLowerCase()
    declaration.lastIndex = open
    if (name === undefined && !declaration.test(html)) {
      text += '<'
      at = open + 1
      continue
    }
    at = name === undefined ? endOfDeclaration(html, open) : endOfTag(html, open)
    if (name === undefined || inWord.has(name)) continue
    text += ' '
    const endTag = html[open + 1] === '/' ? undefined : hidden.get(name)
    if (endTag !== undefined) at = placeOf(endTag, html, at)
  }
  return decodeCharacterReferences(text + html.slice(at))
}

/** Behind the `>` that ends a tag; one in a quoted value does not. The end of the text where there is none. */
function endOfTag(html: string, open: number): number {
  let quote = ''
  for (let at = open + 1; at < html.length; at += 1) {
    const sign = html.charAt(at)
    if (quote !== '') {
      if (sign === quote) quote = ''
    } else if (sign === '>') return at + 1
    else if ((sign === '"' || sign === "'") && html[at - 1] === '=') quote = sign
  }
  return html.length
}

function endOfDeclaration(html: string, open: number): number {
  const isComment = html.startsWith('<!--', open)
  const close = isComment ? html.indexOf('-->', open + 4) : html.indexOf('>', open)
  if (close === -1) return html.length
  return close + (isComment ? 3 : 1)
}

function placeOf(endTag: RegExp, html: string, from: number): number {
  endTag.lastIndex = from
  return endTag.exec(html)?.index ?? html.length
}
