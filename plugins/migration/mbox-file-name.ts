import { decodeMailboxLevel } from 'mailwright/formats'

const special = /^\.|[%\0]|\.(?=(?:sbd|mbox|msf|dat|html|json|lock|log|new)$)/g

/** A level as a file name: what a file cannot be called, or would be taken for something else, as `%xx`. */
export function mboxFileName(level: string): string {
  const name = level.replaceAll(special, escaped)
  return decodeMailboxLevel(name) === name ? name : name.replaceAll('&', escaped)
}

/** The level that a file is named for: by {@link mboxFileName}, or by others in modified UTF-7 or as it stands. */
export function levelOfMboxFile(name: string): string {
  const level = name.replaceAll(/%([0-9a-f]{2})/g, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  return mboxFileName(level) === name ? level : decodeMailboxLevel(name)
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
