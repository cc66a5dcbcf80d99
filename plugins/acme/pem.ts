import type { Certificate } from 'mailwright'

/** A key and its chain in one text, so that no crash leaves one without the other. */
export function pemOf({ key, chain }: Certificate): string {
  return `${key.trim()}\n${chain.trim()}\n`
}

/** The two of one text; either is empty where it is not there. */
export function pairFrom(pem: string): Certificate {
  const blocks = [...pem.matchAll(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g)]
  const [key = ''] = blocks.filter(([, label]) => label?.endsWith('PRIVATE KEY')).map(([block]) => block)
  const chain = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([block]) => block)
  return { key, chain: chain.length === 0 ? '' : `${chain.join('\n')}\n` }
}
