//! The claim `app`: which app is called, where it is installed, and by which of its modules.
//!
//! Required is what tells the app and what its data is kept by. The rest is optional here, since the documentation's own
//! example leaves out some of what its table requires; what is there has the documented type.

use std::borrow::Cow;
use std::fmt;

use super::part::{Part, optional, part};
use crate::error::VerifyError;
use crate::jws::fields::{self, fields};
use crate::jws::json::Value;

/// The claim `app`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgeApp<'a> {
    /// `id`: "The Forge application ID". It is the one of the configuration.
    pub id: Cow<'a, str>,
    /// `installationId`: "This is the value that any remote storage should be keyed against."
    pub installation_id: Cow<'a, str>,
    /// `apiBaseUrl`: "API base URL where all Atlassian app API requests should be routed."
    pub api_base_url: Option<Cow<'a, str>>,
    /// `appVersion`: "The Forge application version being invoked."
    pub app_version: Option<Cow<'a, str>>,
    /// `environment`.
    pub environment: Option<ForgeEnvironment<'a>>,
    /// `module`: "Information about the module that initiated this remote call."
    pub module: Option<ForgeModule<'a>>,
    /// `installation`.
    pub installation: Option<ForgeInstallation<'a>>,
    /// `license`: "only present for paid apps in the production environment".
    pub license: Option<ForgeLicense<'a>>,
}

part! {
    /// The environment an app runs in.
    pub struct ForgeEnvironment<'a> {
        /// `type`: `DEVELOPMENT`, `STAGING` or `PRODUCTION`.
        kind: Cow<'a, str> = "type",
        /// `id`.
        id: Cow<'a, str> = "id",
    }
}

part! {
    /// The module that made the call.
    pub struct ForgeModule<'a> {
        /// `type`: `xen:macro` for one, or `core:endpoint`.
        kind: Cow<'a, str> = "type",
        /// `key`.
        key: Cow<'a, str> = "key",
    }
}

part! {
    /// An installation.
    pub struct ForgeInstallation<'a> {
        /// `id`.
        id: Cow<'a, str> = "id",
        /// `contexts`: "The list of contexts where the app is installed."
        contexts: Vec<ForgeInstallationContext<'a>> = "contexts",
    }
}

part! {
    /// One of the places where an app is installed.
    pub struct ForgeInstallationContext<'a> {
        /// `name`.
        name: Cow<'a, str> = "name",
        /// `apiBaseUrl`.
        api_base_url: Cow<'a, str> = "apiBaseUrl",
    }
}

part! {
    /// A license.
    pub struct ForgeLicense<'a> {
        /// `isActive`.
        is_active: bool = "isActive",
        /// `isEvaluation`.
        is_evaluation: bool = "isEvaluation",
        /// `type`: `COMMERCIAL`, for one.
        kind: Cow<'a, str> = "type",
        /// `billingPeriod`.
        billing_period: Cow<'a, str> = "billingPeriod",
        /// `subscriptionEndDate`.
        subscription_end_date: Cow<'a, str> = "subscriptionEndDate",
        /// `trialEndDate`.
        trial_end_date: Cow<'a, str> = "trialEndDate",
        /// `supportEntitlementNumber`.
        support_entitlement_number: Cow<'a, str> = "supportEntitlementNumber",
        /// `ccpEntitlementId`.
        entitlement_id: Cow<'a, str> = "ccpEntitlementId",
        /// `ccpEntitlementSlug`.
        entitlement_slug: Cow<'a, str> = "ccpEntitlementSlug",
    }
}

fields! {
    /// The members as they stand in the document.
    struct Members {
        id = "id",
        installation_id = "installationId",
        api_base_url = "apiBaseUrl",
        app_version = "appVersion",
        environment = "environment",
        module = "module",
        installation = "installation",
        license = "license",
    }
}

impl<'a> ForgeApp<'a> {
    pub(super) fn read(value: Option<Value<'a>>) -> Result<Self, VerifyError> {
        let value = value.ok_or(VerifyError::AppMissing)?;
        Self::of(value).ok_or(VerifyError::AppInvalid)
    }

    fn of(value: Value<'a>) -> Option<Self> {
        let Value::Object(document) = value else {
            return None;
        };
        let members: Members<'_> = fields::read(document).ok()?;
        Some(Self {
            id: Part::read(members.id?)?,
            installation_id: Part::read(members.installation_id?)?,
            api_base_url: optional(members.api_base_url)?,
            app_version: optional(members.app_version)?,
            environment: optional(members.environment)?,
            module: optional(members.module)?,
            installation: optional(members.installation)?,
            license: optional(members.license)?,
        })
    }

    /// A copy that lives on.
    #[must_use]
    pub fn into_owned(self) -> ForgeApp<'static> {
        ForgeApp {
            id: Part::into_owned(self.id),
            installation_id: Part::into_owned(self.installation_id),
            api_base_url: self.api_base_url.map(Part::into_owned),
            app_version: self.app_version.map(Part::into_owned),
            environment: self.environment.map(Part::into_owned),
            module: self.module.map(Part::into_owned),
            installation: self.installation.map(Part::into_owned),
            license: self.license.map(Part::into_owned),
        }
    }
}

/// Shows nothing of the claims.
impl fmt::Debug for ForgeApp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeApp").finish_non_exhaustive()
    }
}
