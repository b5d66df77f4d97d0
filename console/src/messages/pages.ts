/** The words of the pages behind the sign-in; loaded with them. */
import { extend } from ".";
import * as access from "./access";
import * as audit from "./audit";
import * as compliance from "./compliance";
import * as security from "./security";

export const en = { ...audit.en, ...security.en, ...access.en, ...compliance.en };

extend({ en, es: { ...audit.es, ...security.es, ...access.es, ...compliance.es } });
