//! The calls of a session that have not ended, and how a message finds its call.

use std::collections::VecDeque;

use super::envelope::{Conversation, Envelope, Ids};
use super::event::CallId;

/// The calls that were requested or are being answered, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct OpenCalls {
    calls: Vec<OpenCall>,
    /// The ids of the responses that ended last: what is sent about them later begins no call.
    ended: VecDeque<Box<str>>,
    last_id: u64,
}

/// A call that has not ended.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) id: CallId,
    /// A rule says that it is not a model call. It is followed all the same, since it has its place in its
    /// lane.
    pub(super) is_ignored: bool,
    subject: Subject,
    lane: Option<Box<str>>,
    /// The client's event.
    event: Option<Box<str>>,
    /// How many bytes of the request are stored.
    stored_bytes: usize,
    conversation: Conversation,
}

/// What a call yields.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    /// A response that the server has not created yet.
    Requested,
    /// The response of this id, if it has one.
    Response(Option<Box<str>>),
    /// The transcription of this item.
    Transcription(Box<str>),
}

impl OpenCall {
    /// Returns whether the server has answered.
    pub(super) fn is_answered(&self) -> bool {
        self.subject != Subject::Requested
    }
}

impl OpenCalls {
    /// The most calls that are followed at a time.
    pub(super) const MAX_CALLS: usize = 64;

    /// Adds a response that was requested. `stored_bytes` of the request are stored; `None` if it is no model
    /// call. Returns its id, or `None` if there is no room.
    pub(super) fn request(&mut self, envelope: &mut Envelope, stored_bytes: Option<usize>) -> Option<CallId> {
        let id = self.begin(Subject::Requested, envelope, stored_bytes.is_none())?;
        if let (Some(call), Some(stored_bytes)) = (self.calls.last_mut(), stored_bytes) {
            call.stored_bytes = stored_bytes;
        }
        Some(id)
    }

    /// Returns how many bytes of requests are stored.
    pub(super) fn stored_bytes(&self) -> usize {
        self.calls.iter().map(|call| call.stored_bytes).sum()
    }

    /// Adds a response that was not requested. Returns its id, or `None` if there is no room.
    pub(super) fn respond(&mut self, envelope: &mut Envelope) -> Option<CallId> {
        let subject = Subject::Response(envelope.ids.response.clone());
        self.begin(subject, envelope, false)
    }

    /// Adds the transcription of an item. Returns its id, or `None` if there is no room.
    pub(super) fn transcribe(&mut self, item: &str, envelope: &mut Envelope) -> Option<CallId> {
        self.begin(Subject::Transcription(item.into()), envelope, false)
    }

    fn begin(&mut self, subject: Subject, envelope: &mut Envelope, is_ignored: bool) -> Option<CallId> {
        if self.calls.len() >= Self::MAX_CALLS {
            return None;
        }
        self.last_id += 1;
        let id = CallId(self.last_id);
        self.calls.push(OpenCall {
            id,
            is_ignored,
            subject,
            lane: envelope.ids.lane.take(),
            event: envelope.ids.event.take(),
            stored_bytes: 0,
            conversation: envelope.conversation,
        });
        Some(id)
    }

    /// Returns whether the response of a message has ended.
    pub(super) fn has_ended(&self, ids: &Ids) -> bool {
        ids.response.as_ref().is_some_and(|id| self.ended.contains(id))
    }

    /// Returns the call that a message about a response belongs to. A response that was requested becomes one
    /// that has the id of the message.
    ///
    /// `is_end`: the message ends the response. Without an id, it may be the second message that ends a
    /// response, so that it ends no request which still waits for its response.
    pub(super) fn find(&mut self, envelope: &Envelope, is_end: bool) -> Option<&mut OpenCall> {
        let ids = &envelope.ids;
        let at = match &ids.response {
            Some(_) => self.response(ids).or_else(|| self.requested(envelope)),
            None if is_end => self.active(ids),
            None => self.active(ids).or_else(|| self.requested(envelope)),
        };
        let call = self.calls.get_mut(at?)?;
        if call.subject == Subject::Requested {
            call.subject = Subject::Response(ids.response.clone());
        }
        Some(call)
    }

    /// Returns the call that an error belongs to. In lanes, a refusal is that of the request which waits
    /// longest, and any other error that of the response which is being generated.
    pub(super) fn find_failed(&mut self, envelope: &Envelope, has_lanes: bool) -> Option<&mut OpenCall> {
        let ids = &envelope.ids;
        let at = match has_lanes {
            true if envelope.status.is_some_and(|status| (400..500).contains(&status)) => {
                self.requested(envelope).or_else(|| self.active(ids))
            }
            true => self.active(ids).or_else(|| self.requested(envelope)),
            false => self.refused(envelope),
        };
        self.calls.get_mut(at?)
    }

    /// Returns the transcription of an item.
    pub(super) fn transcription(&self, item: &str) -> Option<&OpenCall> {
        self.calls
            .iter()
            .find(|call| matches!(&call.subject, Subject::Transcription(other) if **other == *item))
    }

    /// Removes a call.
    pub(super) fn end(&mut self, id: CallId) {
        let Some(at) = self.calls.iter().position(|call| call.id == id) else {
            return;
        };
        if let Subject::Response(Some(response)) = self.calls.remove(at).subject {
            if self.ended.len() >= Self::MAX_CALLS {
                self.ended.pop_front();
            }
            self.ended.push_back(response);
        }
    }

    /// The response with the id of a message.
    fn response(&self, ids: &Ids) -> Option<usize> {
        let is_it = |call: &OpenCall| match (&call.subject, &ids.response) {
            (Subject::Response(Some(other)), Some(id)) => other == id,
            _ => false,
        };
        self.calls.iter().position(is_it)
    }

    /// The oldest response in the lane of a message that is being generated.
    fn active(&self, ids: &Ids) -> Option<usize> {
        self.first(ids, |call| matches!(call.subject, Subject::Response(_)))
    }

    /// The oldest request in the lane of a message. A response in the conversation may be the server's own
    /// idea, so that it does not belong to a request outside of it. The reverse cannot be.
    fn requested(&self, envelope: &Envelope) -> Option<usize> {
        let is_outside = |call: &OpenCall| call.conversation == Conversation::Outside;
        let find = |is_it: &dyn Fn(&OpenCall) -> bool| {
            self.first(&envelope.ids, |call| {
                call.subject == Subject::Requested && is_it(call)
            })
        };
        match envelope.conversation {
            Conversation::Unknown => find(&|_| true),
            Conversation::Inside => find(&|call| !is_outside(call)),
            Conversation::Outside => find(&is_outside).or_else(|| find(&|_| true)),
        }
    }

    /// The request that an error of the Realtime API is about: most errors are about other events, and name
    /// none.
    fn refused(&self, envelope: &Envelope) -> Option<usize> {
        match &envelope.ids.error_event {
            Some(event) => self
                .calls
                .iter()
                .position(|call| call.subject == Subject::Requested && call.event.as_ref() == Some(event)),
            None if envelope.is_about_response => self.requested(envelope),
            None => None,
        }
    }

    /// The first call of a lane. A message without a lane may belong to any, if the server names none.
    fn first(&self, ids: &Ids, is_it: impl Fn(&OpenCall) -> bool) -> Option<usize> {
        let mut calls = self.calls.iter();
        let at = calls.position(|call| call.lane == ids.lane && is_it(call));
        match &ids.lane {
            Some(_) => at,
            None => at.or_else(|| self.calls.iter().position(is_it)),
        }
    }
}
