export { assignIds, type ConfigFault, maskConfig, mergeMasked, type MergeResult } from './masking';
export { rotateSecret, type Rotation } from './rotation';
export { headerPlace, sealConfig, secretPlace } from './sealing';
export { makeSecretBox, type SecretBox } from './secret-box';
export { generateSigningSecret, signatureHeader } from './signing';
