export { checkCharacters } from './characters.ts'
export { type CramMd5Key, isCramMd5Hash, isKeyOf, provesCramMd5Key } from './cram-md5.ts'
export {
  hashForCramMd5,
  hashForScram,
  hashPassword,
  needsRehash,
  verifyNothing,
  verifyPassword,
} from './password.ts'
export { hashForScramSync, type KeptScramKeys, readScramKeys, type ScramSettings } from './scram.ts'
export {
  isVerifiable,
  looksLikeHash,
  passwordSchemes,
  readCramMd5Key,
  type VerifyOptions,
} from './stored-hash.ts'
