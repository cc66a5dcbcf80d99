import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, absolute, without a slash at its end. */
export const projectFolder: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

/** The text of a file of the project; the path is relative to its folder. */
export function readText(path: string): string {
  return readFileSync(join(projectFolder, path), 'utf8')
}

/** Paths of all files that belong to the project, relative to its folder, with `/`, sorted: what .gitignore names is left out. */
export function projectFiles(): readonly string[] {
  const ignored = new Set(['.git', ...ignoredFolders()])
  const found: string[] = []
  const waiting = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of readdirSync(join(projectFolder, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!ignored.has(entry.name)) waiting.push(path)
      } else if (!/\.(tgz|log)$/.test(entry.name)) found.push(path)
    }
  }
  return found.sort()
}

/** The sources of some folders: `.ts` without the tests, unless asked for. */
export function sourceFiles(
  folders: readonly string[],
  { tests = false }: { tests?: boolean } = {},
): readonly string[] {
  return projectFiles().filter(
    (path) =>
      path.endsWith('.ts') &&
      folders.some((folder) => path.startsWith(`${folder}/`)) &&
      (tests || !isTest(path)),
  )
}

export function isTest(path: string): boolean {
  return /\.(test|test-d)\.ts$/.test(path)
}

/** A path in the form of {@link projectFiles}. */
export function projectPath(absolute: string): string {
  return relative(projectFolder, absolute).split(sep).join('/')
}

function ignoredFolders(): readonly string[] {
  return readText('.gitignore')
    .split('\n')
    .filter((line) => line.endsWith('/'))
    .map((line) => line.slice(0, -1))
}
