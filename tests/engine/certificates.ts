/** A private authority, made by openssl, and a server's certificate of it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "./host.ts";

const ECDSA = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];

/**
 * In a folder that is made: authority.pem, and public.crt and private.key of a server.
 * @param name the one host name that the certificate is for
 */
export function certificates(folder: string, name: string): void {
  mkdirSync(folder);
  const at = (file: string) => join(folder, file);
  const made = (key: string, certificate: string, ...more: string[]) =>
    must("openssl", "req", "-x509", ...ECDSA, "-keyout", at(key), "-out", at(certificate), ...more);
  made("authority.key", "authority.pem", "-subj", "/CN=An authority of a test");
  const of = ["-CA", at("authority.pem"), "-CAkey", at("authority.key")];
  made("private.key", "public.crt", ...of, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`);
}
