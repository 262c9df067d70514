"""Operations: logs without health data, the doctor."""
