//! The claim `context`: from where in the product the call came. What it holds beside the named members depends on the
//! module, so it is handed out as it is spelled too.

use std::borrow::Cow;
use std::fmt;

use super::part::{Part, optional};
use crate::error::VerifyError;
use crate::jws::fields::{self, fields};
use crate::jws::json::{Literal, Value};

/// The claim `context`, which calls from an app's front end have.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForgeContext<'a> {
    /// `cloudId`: the site.
    pub cloud_id: Option<Cow<'a, str>>,
    /// `siteUrl`.
    pub site_url: Option<Cow<'a, str>>,
    /// `moduleKey`.
    pub module_key: Option<Cow<'a, str>>,
    /// `localId`: this use of the module.
    pub local_id: Option<Cow<'a, str>>,
    /// All of it, as JSON: `extension` and what else the module has.
    pub json: Cow<'a, str>,
}

fields! {
    /// The members as they stand in the document.
    struct Members {
        cloud_id = "cloudId",
        site_url = "siteUrl",
        module_key = "moduleKey",
        local_id = "localId",
    }
}

impl<'a> ForgeContext<'a> {
    pub(super) fn read(value: Option<Value<'a>>) -> Result<Option<Self>, VerifyError> {
        match value {
            None | Some(Value::Literal(Literal::Null)) => Ok(None),
            Some(Value::Object(document)) => Self::of(document)
                .map(Some)
                .ok_or(VerifyError::ContextInvalid),
            Some(_) => Err(VerifyError::ContextInvalid),
        }
    }

    fn of(document: &'a str) -> Option<Self> {
        let members: Members<'_> = fields::read(document).ok()?;
        Some(Self {
            cloud_id: optional(members.cloud_id)?,
            site_url: optional(members.site_url)?,
            module_key: optional(members.module_key)?,
            local_id: optional(members.local_id)?,
            json: Cow::Borrowed(document),
        })
    }

    /// A copy that lives on.
    #[must_use]
    pub fn into_owned(self) -> ForgeContext<'static> {
        ForgeContext {
            cloud_id: self.cloud_id.map(Part::into_owned),
            site_url: self.site_url.map(Part::into_owned),
            module_key: self.module_key.map(Part::into_owned),
            local_id: self.local_id.map(Part::into_owned),
            json: Part::into_owned(self.json),
        }
    }
}

/// Shows nothing of the claims.
impl fmt::Debug for ForgeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeContext").finish_non_exhaustive()
    }
}
