/** Platforms described in JSON, for whoever adds one without a release. */
export { checkDefinition, type Remark } from './check-definition.ts'
export { parseCommentedJson } from './commented-json.ts'
export { whatMoves, whatNarrows } from './compare-definitions.ts'
export { compileDefinition } from './compile.ts'
export { type Definition, definitionJsonSchema, definitionSchema } from './definition.ts'
export { limits } from './limits.ts'
export { startingFile } from './starting-file.ts'
