/** What is used of a package that brings no types. */
declare module 'fs-native-extensions' {
  /**
   * Locks a whole open file with fcntl, for as long as this opening of it lasts (on Linux; F_OFD_SETLK). Answers false
   * where somebody else's lock is in the way.
   */
  export function tryLock(descriptor: number, options: { readonly shared: boolean }): boolean
}
