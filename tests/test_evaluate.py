"""The evaluate command as it is typed: what it leaves, that nothing is lost or done twice, and what it refuses."""

import json
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
import yaml
from PIL import Image  # noqa: F401  (matplotlib's own dependency; pictures on the page are drawn, not linked)
from transformers import AutoModelForCausalLM, AutoTokenizer
