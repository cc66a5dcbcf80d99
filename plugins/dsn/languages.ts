import { didYouMean, type Header, type OptionReader } from 'mailwright'
import { english } from './english.ts'
import { german } from './german.ts'
import type { TextChanges, Texts } from './texts.ts'

/** Texts by the tag of their language (RFC 5646), in lower case. */
export type Languages = ReadonlyMap<string, Texts>

const shipped: Readonly<Record<string, Texts>> = { en: english, de: german }
const tagForm = /^[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,6}$/

/**
 * The shipped languages with the changes of a config. What a further language leaves out is in English; a regional form
 * of a shipped one, such as `de-AT`, begins with that one.
 */
export function readLanguages(read: OptionReader, name: string): Languages {
  const languages = new Map(Object.entries(shipped))
  const given = read.value(name)
  if (given === undefined) return languages
  if (typeof given !== 'object' || given === null) {
    read.fault(name, 'must be an object with a member for each language, such as { en: { ... } }')
    return languages
  }
  for (const [tag, changes] of Object.entries(given)) {
    const lower = tag.toLowerCase()
    if (!isLanguageTag(tag)) read.fault(`${name}.${tag}`, 'is no language: "en", "de" and "pt-BR" are')
    else
      languages.set(lower, changed(read, `${name}.${tag}`, languageFor(languages, lower) ?? english, changes))
  }
  return languages
}

/** Whether it is one that dates can be written for. */
function isLanguageTag(tag: string): boolean {
  if (!tagForm.test(tag.toLowerCase())) return false
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function changed<Part>(read: OptionReader, path: string, base: Part, changes: unknown): Part {
  if (changes === undefined) return base
  if (typeof base === 'string' || typeof base === 'function') {
    if (typeof changes === 'string' || typeof changes === 'function') return changes as Part
    read.fault(path, 'must be a text, or a function that makes one')
    return base
  }
  if (typeof changes !== 'object' || changes === null) {
    read.fault(path, 'must be an object with texts')
    return base
  }
  const merged: Record<string, unknown> = { ...(base as object) }
  for (const [name, change] of Object.entries(changes as TextChanges)) {
    const inner = `${path}.${name}`
    if (Object.hasOwn(merged, name)) merged[name] = changed(read, inner, merged[name], change)
    else read.fault(inner, 'is no text that there is', didYouMean(name, Object.keys(merged)))
  }
  return merged as Part
}

/** RFC 4647 §3.4: the tag itself, else the one that is less by its last subtags. */
function languageFor(languages: Languages, tag: string): Texts | undefined {
  const found = lookUp(languages, tag)
  return found === undefined ? undefined : languages.get(found)
}

/** The tag of the texts for a tag, where there are any. */
export function lookUp(languages: Languages, tag: string): string | undefined {
  for (
    let wanted = tag.toLowerCase();
    wanted !== '';
    wanted = wanted.slice(0, Math.max(0, wanted.lastIndexOf('-')))
  )
    if (languages.has(wanted)) return wanted
  return undefined
}

// What is longer says nothing that somebody could speak.
const longestField = 500

/** What the sender of a message seems to read: Accept-Language, else Content-Language (RFC 3282 §2 and §3). */
export function languageOf(header: Header, languages: Languages): string | undefined {
  for (const name of ['accept-language', 'content-language']) {
    const written = header.first(name)?.body.slice(0, longestField) ?? ''
    const ranges = written.split(',').map(weighted)
    for (const { tag } of ranges.sort((one, other) => other.weight - one.weight)) {
      const found = lookUp(languages, tag)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** A language range with its weight, such as `de;q=0.8`. */
function weighted(range: string): { readonly tag: string; readonly weight: number } {
  const [tag = '', parameter = ''] = range.split(';', 2)
  const weight = /^\s*q=([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1]
  const trimmed = tag.trim().toLowerCase()
  return { tag: isLanguageTag(trimmed) ? trimmed : '', weight: weight === undefined ? 1 : Number(weight) }
}
