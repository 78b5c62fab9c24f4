export { assignIds, maskConfig } from './masking';
export { type ConfigFault, mergeMasked, type MergeResult } from './merging';
export { rotateSecret, type Rotation } from './rotation';
export { headerPlace, sealConfig, secretPlace } from './sealing';
export { makeSecretBox, type SecretBox } from './secret-box';
export { generateSigningSecret, signatureHeader } from './signing';
