// The names of U+00A0 to U+00FF, in order; then those beyond that mail uses.
const latinNames =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
const named: ReadonlyMap<string, string> = new Map([
  ...latinNames.split(' ').map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ['amp', '&'],
  ['apos', "'"],
  ['bdquo', '\u201e'],
  ['bull', '\u2022'],
  ['emsp', '\u2003'],
  ['ensp', '\u2002'],
  ['euro', '\u20ac'],
  ['gt', '>'],
  ['hellip', '\u2026'],
  ['larr', '\u2190'],
  ['ldquo', '\u201c'],
  ['lsaquo', '\u2039'],
  ['lsquo', '\u2018'],
  ['lt', '<'],
  ['mdash', '\u2014'],
  ['ndash', '\u2013'],
  ['OElig', '\u0152'],
  ['oelig', '\u0153'],
  ['quot', '"'],
  ['rarr', '\u2192'],
  ['rdquo', '\u201d'],
  ['rsaquo', '\u203a'],
  ['rsquo', '\u2019'],
  ['sbquo', '\u201a'],
  ['Scaron', '\u0160'],
  ['scaron', '\u0161'],
  ['thinsp', '\u2009'],
  ['trade', '\u2122'],
  ['zwj', '\u200d'],
  ['zwnj', '\u200c'],
])

const reference = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,9}));?/g

/** Replaces the character references of HTML by their characters; what is none of those that mail uses stays. */
export function decodeCharacterReferences(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    reference,
    (written, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
      if (name !== undefined) return named.get(name) ?? written
      return character(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
    },
  )
}

function character(code: number): string {
  const isCharacter = code > 0 && code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : '\ufffd'
}
