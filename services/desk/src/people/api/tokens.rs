//! `/api/v1/tokens`: the tokens of whoever asks. A token may make another one, and end any: whoever has it may do what its user may.

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use ripen_actions::user_token::{AddUserToken, RevokeUserToken, list};
use ripen_domain::id::TokenId;
use ripen_web::{Problem, extract::PathId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfHeader, CsrfJson},
        refused::{ApiRefusals, refused},
        viewer::Viewer,
    },
};

/// A token of one's own.
#[derive(Serialize, ToSchema)]
pub struct UserTokenView {
    /// Its id.
    #[schema(value_type = String, example = "token_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: TokenId,
    /// What it is for.
    name: String,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last used, to the minute.
    seen_at: Option<Timestamp>,
    /// From when it opens nothing.
    revoked_at: Option<Timestamp>,
}

/// The tokens of whoever asks.
#[derive(Serialize, ToSchema)]
pub struct UserTokenList {
    /// Oldest first, those that have ended too.
    tokens: Vec<UserTokenView>,
}

/// Lists one's own tokens.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "desk", security(("user_token" = [])),
    responses((status = 200, description = "The tokens.", body = UserTokenList), ApiRefusals))]
pub async fn many(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<UserTokenList>, Problem> {
    let found = list(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    let tokens = found.into_iter().map(|token| UserTokenView {
        id: token.id,
        name: token.name,
        created_at: token.created_at,
        seen_at: token.seen_at,
        revoked_at: token.revoked_at,
    });
    Ok(Json(UserTokenList { tokens: tokens.collect() }))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
pub struct NewTokenBody {
    /// What it is for.
    #[schema(max_length = 100)]
    name: String,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// Its id.
    #[schema(value_type = String, example = "token_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: TokenId,
    /// What authenticates, shown this once.
    token: String,
}

/// Makes a token of one's own.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "desk", security(("user_token" = [])),
    request_body = NewTokenBody,
    responses((status = 201, description = "Made.", body = MadeToken), ApiRefusals))]
pub async fn add(
    State(context): State<DeskContext>,
    CsrfJson { viewer, body }: CsrfJson<NewTokenBody>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let request = AddUserToken { name: body.name };
    let made = context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok((StatusCode::CREATED, Json(MadeToken { id: made.id, token: made.token.reveal().to_owned() })))
}

/// A token that has ended.
#[derive(Serialize, ToSchema)]
pub struct EndedToken {
    /// From when it opens nothing.
    revoked_at: Timestamp,
}

/// Ends a token of one's own.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "end_token", tag = "desk", security(("user_token" = [])),
    params(("id" = String, Path, description = "The token's id, token_….")),
    responses((status = 200, description = "Ended, now or before.", body = EndedToken), ApiRefusals))]
pub async fn revoke(
    State(context): State<DeskContext>,
    PathId(token): PathId<TokenId>,
    CsrfHeader(viewer): CsrfHeader,
) -> Result<Json<EndedToken>, Problem> {
    let request = RevokeUserToken { token };
    let revoked_at = context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(EndedToken { revoked_at }))
}
