// Beast's code that is not templates, compiled once here. Asio's is in quotas/asio_impl.cpp.
#include <boost/beast/src.hpp>
