import { readlinkSync } from 'node:fs'
import { isAbsolute, parse, resolve, sep } from 'node:path'

// As Linux: links that lead in a circle end here.
const mostLinks = 40

/** Everything that is passed on the way to an absolute path, itself and what links lead to included, without the root. */
export function passedEntries(path: string): readonly string[] {
  const { root } = parse(path)
  const passed: string[] = []
  let here = root
  let links = 0
  for (let names = namesOf(path, root); names.length > 0; ) {
    const [name = '', ...rest] = names
    const next = resolve(here, name)
    passed.push(next)
    const target = links < mostLinks ? targetOf(next) : undefined
    if (target !== undefined) links++
    if (target === undefined) here = next
    else if (isAbsolute(target)) here = root
    names = target === undefined ? rest : [...namesOf(target, root), ...rest]
  }
  return passed.filter((each) => each !== root)
}

function namesOf(path: string, root: string): readonly string[] {
  return (path.startsWith(root) ? path.slice(root.length) : path).split(sep).filter((name) => name !== '')
}

/** Where a link leads; undefined for what is none. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
