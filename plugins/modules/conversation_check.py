#!/usr/bin/python
"""Prove the conversation feature of an environment end to end, through its public address."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: conversation_check
short_description: Prove the conversation feature end to end
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Asks a conversation service for texts and audio of synthetic words, fetches and decodes the audio, and looks at the
    buckets.
  - Every check first sees a copy of the evidence with a planted fault. One that does not notice it proves nothing, and
    its verdict is V(no-evidence).
  - Fails unless every verdict is V(pass). The synthetic data is removed, and its removal is one of the verdicts.
  - In check mode nothing is asked that would make data; verdicts that need data are V(no-evidence) and do not fail the
    task.
extends_documentation_fragment:
  - presidential_digs.platform.auth
  - presidential_digs.platform.attributes.info_module
  - presidential_digs.platform.attributes.actiongroup_google
requirements:
  - miniaudio
options:
  url:
    description: Where the service's paths begin, up to the part before C(/health) and C(/text/generate).
    type: str
    required: true
  words:
    description:
      - The words to ask for, by synthetic id.
      - The ids name what is removed at the end, so they must be nobody else's.
    type: dict
    required: true
  text_bucket:
    description: Name of the bucket that holds texts.
    type: str
    required: true
  audio_bucket:
    description: Name of the bucket that holds audio.
    type: str
    required: true
  text_object:
    description:
      - Name of a text object.
      - V({word_id}), V({hash}), V({conversation_id}), V({voice}) and V({bitrate}) are replaced.
    type: str
    default: convo/{word_id}/{hash}.json
  audio_object:
    description: Name of an audio object, with the same placeholders as O(text_object).
    type: str
    default: convo/{word_id}/{hash}.mp3
  mode:
    description: The mode that the service must be in.
    type: str
    choices: [real, scaffold]
    default: real
  voice:
    description: The voice of the audio.
    type: str
    default: cmn-CN-Standard-A
  bitrate:
    description: The bit rate of the audio, in kbit/s.
    type: int
    default: 128
  sample_rates:
    description: Sample rates that the audio may have, in hertz.
    type: list
    elements: int
    default: [24000, 44100, 48000]
  shortest_audio:
    description:
      - The least length of the audio, in proportion to the time that its text takes to say at an ordinary pace
        (0.22 s for a Chinese character, 0.07 s for a letter). Shorter audio is cut off.
    type: float
    default: 0.65
  longest_audio:
    description: The greatest length of the audio, in the same proportion. Longer audio does not say this text.
    type: float
    default: 4.0
  lifecycle_days:
    description: After how many days both buckets delete objects.
    type: int
    default: 30
  signed_url_lifetime:
    description: The longest that a signed URL may hold, in seconds.
    type: int
    default: 3600
  latency_samples:
    description: How many cached texts are asked for to measure latency. Fewer than 10 prove nothing.
    type: int
    default: 40
  latency_p95:
    description: What 95% of cached texts may take at most, in seconds.
    type: float
    default: 1.0
  remove:
    description: Whether the synthetic data is removed. Leaving it makes the verdict on its removal V(no-evidence).
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Prove the conversation of staging
  presidential_digs.platform.conversation_check:
    url: https://app.staging.crm.presidential-digs.example/api/conversation
    words:
      synthetic-20261123-1: lamp
      synthetic-20261123-2: river
    text_bucket: presidential-digs-crm-staging-text-cache
    audio_bucket: presidential-digs-crm-staging-audio-cache
"""

RETURN = r"""
verdicts:
  description: One verdict a check. The ledger and the report show them.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the check.
      type: str
      sample: audio_length
    verdict:
      description: V(pass), V(fail) or V(no-evidence).
      type: str
      sample: pass
    evidence:
      description: What was found, or what is missing.
      type: str
      sample: 9.4 s for a text of about 8.3 s
seconds:
  description: How long the whole check took.
  returned: success
  type: float
  sample: 4.2
failure:
  description: V(CONVERSATION_NOT_PROVED), V(CONNECTION_FAILED), V(LIBRARY_MISSING), or the reason of a Google API.
  returned: failure
  type: dict
  sample:
    reason: CONVERSATION_NOT_PROVED
    status: null
    message: "The conversation is not proved: audio_audible fail (the loudest sample is 0.000 of full scale: nothing to
      hear)."
    hint: The verdicts have the evidence of every check.
    request: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._conversation import check
from ..module_utils._run import run
from ..module_utils._spec import argument_spec


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Check the service that the task names."""
    module = module_class(
        argument_spec=argument_spec(
            url={"type": "str", "required": True},
            words={"type": "dict", "required": True},
            text_bucket={"type": "str", "required": True},
            audio_bucket={"type": "str", "required": True},
            text_object={"type": "str", "default": "convo/{word_id}/{hash}.json"},
            audio_object={"type": "str", "default": "convo/{word_id}/{hash}.mp3"},
            mode={"type": "str", "choices": ["real", "scaffold"], "default": "real"},
            voice={"type": "str", "default": "cmn-CN-Standard-A"},
            bitrate={"type": "int", "default": 128},
            sample_rates={"type": "list", "elements": "int", "default": [24000, 44100, 48000]},
            shortest_audio={"type": "float", "default": 0.65},
            longest_audio={"type": "float", "default": 4.0},
            lifecycle_days={"type": "int", "default": 30},
            signed_url_lifetime={"type": "int", "default": 3600},
            latency_samples={"type": "int", "default": 40},
            latency_p95={"type": "float", "default": 1.0},
            remove={"type": "bool", "default": True},
        ),
        supports_check_mode=True,
    )
    run(module, check)


if __name__ == "__main__":
    main()
