import { canonicalDomain } from 'mailwright'

/** Domains; `.example.org` stands for all below `example.org`, and not for itself. */
export class DomainSet {
  readonly #domains = new Set<string>()

  /** False for a text that is no name of a domain. */
  add(text: string): boolean {
    const name = canonicalDomain(text.replace(/^\./, ''))
    if (name === undefined || name.startsWith('[')) return false
    this.#domains.add(text.startsWith('.') ? `.${name}` : name)
    return true
  }

  /** Of a canonical domain. */
  has(domain: string): boolean {
    if (this.#domains.has(domain)) return true
    // No domain has more than 127 labels.
    for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1))
      if (this.#domains.has(domain.slice(dot))) return true
    return false
  }
}
