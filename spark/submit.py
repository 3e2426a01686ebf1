"""What `spark-submit` is given. The package lies beside it, in `src`, or is installed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))

from pktaudit_spark.main import main  # noqa: E402

sys.exit(main())
