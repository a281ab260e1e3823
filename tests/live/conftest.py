"""Sessions, servers and browsers for the tests of the live pages."""

import pytest

from neuroflow.live.session import Session


@pytest.fixture
def ask():
    """Send one message to a session; gives its frames by type."""

    def send(session: Session, **message):
        return {frame["type"]: frame for frame in session.handle([message])}

    return send
