#!/usr/bin/python
"""Documentation of the action inventory_check, which runs in the control process only."""

# Copyright: Contributors to the presidential_digs.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: inventory_check
short_description: Refuse a malformed environment before anything is asked of a cloud
version_added: 0.1.0
author: Presidential Digs Platform (@presidential-digs)
description:
  - Renders every variable of the environment and holds it against one JSON Schema a topic, then against the rules
    between values, such as disjoint ranges, zones of the right region and thresholds in order.
  - Refuses unknown keys, keys that are set twice, values that cannot be rendered, and placeholders where a real cloud
    is meant.
  - Names for each refusal the file and line, the key, the value that was found and what is allowed. Calls no API.
  - Runs in the control process and needs no connection.
requirements:
  - jsonschema >= 4.23
options:
  schemas:
    description:
      - Directory of schemas, one C(*.yml) a topic.
      - The name of a file is the name of the inventory file in which its variables belong.
    type: path
    required: true
  prefix:
    description:
      - Beginning of the names that belong to the environment.
      - A variable that has it and that no schema declares is refused.
    type: str
    default: platform_
attributes:
  check_mode:
    description: Whether the action behaves in check mode as it does for real.
    support: full
  diff_mode:
    description: Whether the action says what it would change.
    support: none
    details: It changes nothing.
"""

EXAMPLES = r"""
- name: Hold the inventory against its schemas
  presidential_digs.platform.inventory_check:
    schemas: "{{ role_path }}/files/environment"
"""

RETURN = r"""
refused:
  description: What is wrong, in the order of the topics. Empty when the inventory holds.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: The key and the value that was found.
      type: str
      sample: platform_zones[1] = "us-east1-b"
    why:
      description: What is allowed, as a sentence.
      type: str
      sample: "allowed: a zone of platform_region, us-central1, such as us-central1-b"
    file:
      description: File and line that set the value, or the file in which a missing one belongs.
      type: str
      sample: inventories/local/00_common/project.yml:30
    key:
      description: The variable and the keys below it.
      type: str
      sample: platform_zones[1]
    value:
      description: The value as JSON, or the word missing.
      type: str
      sample: '"us-east1-b"'
    allowed:
      description: What may stand there.
      type: str
      sample: a zone of platform_region, us-central1, such as us-central1-b
failure:
  description: The refusal in the form that every module of the collection uses.
  returned: failure
  type: dict
verdicts:
  description: One verdict named C(inventory), for the ledger.
  returned: always
  type: list
  elements: dict
"""
