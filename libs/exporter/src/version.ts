/** Of the package, for the producer field of files. */
export const exporterVersion = '0.1.0';
